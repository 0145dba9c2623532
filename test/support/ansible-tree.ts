import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { playbookReads, type ReadsOptions } from '../../src/ansible/playbook-reads.ts';

/** Files by their path in the tree. `-> target` makes a link. */
export type Files = Readonly<Record<string, string>>;

/** A play for all hosts, of some YAML lines: `play('roles: [docker]', 'tasks: […]')`. */
export function play(...lines: readonly string[]): string {
  return `- hosts: all\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** A folder of playbooks that goes when the test ends. */
export class AnsibleTree {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(files: Files): Promise<AnsibleTree> {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'nb-ansible-')));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    const tree = new AnsibleTree(root);
    await tree.write(files);
    return tree;
  }

  path(name: string): string {
    return join(this.root, name);
  }

  async write(files: Files): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(this.path(name)), { recursive: true });
      const target = /^-> (.*)$/.exec(content)?.[1];
      if (target === undefined) await writeFile(this.path(name), content);
      else await symlink(target, this.path(name));
    }
  }

  /** What `site.yml`, or another playbook, reads. Home is an empty folder; Ansible runs in the root of the tree. */
  async reads(options: Partial<ReadsOptions> & { readonly playbook?: string } = {}): Promise<{
    /** Names of the files but for the playbook's own, with `ROOT` for the tree. */
    readonly names: readonly string[];
    readonly unknown: readonly string[];
    readonly paths: readonly string[];
  }> {
    const { playbook = 'site.yml', ...more } = options;
    const env = { HOME: this.path('home'), ...more.env };
    const found = await playbookReads(playbook, { cwd: this.root, ...more, env });
    const plain = (text: string): string => text.replaceAll(this.root, 'ROOT');
    return {
      names: found.files.map(({ name }) => plain(name)).filter((name) => name !== `playbook ${playbook}`),
      unknown: found.unknown.map(plain),
      paths: found.files.map(({ path }) => plain(path)),
    };
  }
}

/** The names and the unknowns of one tree whose playbook is site.yml. */
export async function readsOf(
  files: Files,
  options: Parameters<AnsibleTree['reads']>[0] = {},
): Promise<{ readonly names: readonly string[]; readonly unknown: readonly string[] }> {
  const tree = await AnsibleTree.make(files);
  const { names, unknown } = await tree.reads(options);
  return { names, unknown };
}
