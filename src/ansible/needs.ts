import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { expand, type AnsibleHost } from './config.ts';
import { neededFilePaths, type Place } from './search.ts';
import type { Variables } from './variables.ts';
import type { FileTree } from './file-tree.ts';
import type { Findings } from './findings.ts';
import { textCandidates } from './jinja-values.ts';
import type { Node } from './yaml-nodes.ts';

/** Where something is written, and how, for people. */
export interface Written {
  readonly file: string;
  readonly line: number;
  /** `copy src {{ x }}` */
  readonly what: string;
}

/** Something that a task, a variable or a template reads, by a name that may be a template. */
export interface Need {
  readonly source: Node;
  /** Where modules of this kind have their files. */
  readonly subfolder: 'files' | 'templates' | 'vars';
  readonly written: Written;
  /** No harm when it is not there: one of several names, of which the first that exists is taken. */
  readonly isOptional?: boolean;
}

/** Not on this machine's disks. */
const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Finds the files that are named, where Ansible would find them, and counts them. */
export class Needs {
  readonly findings: Findings;
  readonly tree: FileTree;
  readonly variables: Variables;
  readonly #host: AnsibleHost;

  constructor(findings: Findings, tree: FileTree, variables: Variables, host: AnsibleHost) {
    this.findings = findings;
    this.tree = tree;
    this.variables = variables;
    this.#host = host;
  }

  /** Counts what a need may name, and gives the paths that are there. */
  find(need: Need, place: Place): string[] {
    const sources = textCandidates(need.source, this.variables.scopeAt(place));
    if (sources === undefined) {
      this.unknown(need.written, place);
      return [];
    }
    const named = sources
      .map((source) => source.trim())
      .filter((source) => source !== '' && !ADDRESS.test(source));
    const found = named.flatMap((source) => this.#findOne(source, need, place) ?? []);
    const isMissing = named.length > 0 && found.length === 0 && need.isOptional !== true;
    if (isMissing) this.unknown(need.written, place, `: ${named.join(', ')} is not there`);
    return found;
  }

  /** Counts the files that a pattern (`conf.d/*.conf`) picks, in the first folder that has one. */
  findMatching(need: Need, place: Place): void {
    const patterns = textCandidates(need.source, this.variables.scopeAt(place));
    if (patterns === undefined) return this.unknown(need.written, place);
    for (const pattern of patterns.map((each) => this.#expanded(each))) {
      for (const path of neededFilePaths(place, need.subfolder, pattern)) {
        const names = this.tree.namesMatching(dirname(path), path.slice(path.lastIndexOf(sep) + 1));
        for (const name of names) {
          const matching = join(dirname(path), name);
          this.findings.count(matching, `file ${this.findings.display(matching)}`);
        }
        if (names.length > 0) break;
      }
    }
  }

  /** Says that more may be read than can be found, unless the task's author says what it is. */
  unknown({ file, line, what }: Written, place: Place, why = ''): void {
    if (!place.isDeclared) this.findings.addUnknown(file, line, what, why);
  }

  #findOne(source: string, need: Need, place: Place): string | undefined {
    const wanted = this.#expanded(source);
    const path = neededFilePaths(place, need.subfolder, wanted)
      .map((each) => resolve(each))
      .find((each) => this.tree.kindOf(each) !== undefined);
    if (path !== undefined) this.findings.count(path, this.#nameOf(path, wanted, source, need, place));
    return path;
  }

  /** An absolute path is shown as it was given, unless Ansible's own folder variables made it. */
  #nameOf(path: string, wanted: string, given: string, need: Need, place: Place): string {
    const isOurs = [place.playbookFolder, ...place.roleFolders].some((folder) =>
      wanted.startsWith(folder + sep),
    );
    const shown = isAbsolute(wanted) && !isOurs ? given : this.findings.display(path);
    return `${need.subfolder === 'vars' ? 'vars file' : 'file'} ${shown}`;
  }

  #expanded(source: string): string {
    return source.startsWith('~') ? expand(source, this.#host) : source;
  }
}
