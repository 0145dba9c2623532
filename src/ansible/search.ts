import { dirname, isAbsolute, join } from 'node:path';
import type { Role } from './roles.ts';
import type { Candidates } from './jinja-values.ts';

/** Where a task stands, which decides where Ansible looks for what it names. */
export interface Place {
  /** The folder of the playbook that the play is in. */
  readonly playbookFolder: string;
  /** The YAML file that the task is written in. */
  readonly file: string;
  readonly role: Role | undefined;
  /** Folders of the role and of the roles that brought it, the innermost first. */
  readonly roleFolders: readonly string[];
  readonly section: 'tasks' | 'handlers';
  /** Folders that the includes on the way here named, each added to the ones before it, the innermost first. */
  readonly includeFolders: readonly string[];
  /** Whether tasks run on the controller, not in a guest. */
  readonly onController: boolean;
  /** Whether a comment at the task says what it reads, so that nothing of it is unknown. */
  readonly isDeclared: boolean;
  /** Variables of a loop. */
  readonly locals: ReadonlyMap<string, Candidates>;
}

/**
 * Where Ansible looks for a file that a task needs, in its order (path_dwim_relative_stack in Ansible 2.14's dataloader).
 * `subfolder` is what the module has its files in: files, templates or vars.
 */
export function neededFilePaths(place: Place, subfolder: string, source: string): string[] {
  if (isAbsolute(source)) return [source];
  const taskFolder = dirname(place.file);
  const folders = [...new Set([...place.roleFolders, taskFolder])];
  const namesSubfolder = source.split('/')[0] === subfolder;
  const inside = (folder: string): string[] => [
    ...(namesSubfolder ? [] : [join(folder, subfolder, source)]),
    join(folder, source),
  ];
  const paths = folders.flatMap((folder) => {
    const parent = dirname(folder);
    const isBelowTasks = place.role !== undefined && parent.endsWith('/tasks');
    return isBelowTasks ? [join(dirname(parent), subfolder, source), join(parent, source)] : inside(folder);
  });
  return [...new Set([...paths, ...inside(place.playbookFolder)])];
}

/** Where Ansible looks for the file of import_tasks (static) and include_tasks (dynamic), in its order. */
export function taskFilePaths(place: Place, target: string, kind: 'static' | 'dynamic'): string[] {
  if (isAbsolute(target)) return [target];
  const { playbookFolder, role, section, includeFolders } = place;
  if (role === undefined) {
    return unique(
      [...includeFolders, ''].flatMap((folder) => [
        join(playbookFolder, folder, target),
        join(playbookFolder, target),
      ]),
    );
  }
  const shared = [join(playbookFolder, section, target), join(playbookFolder, target)];
  const own = [join(role.path, section, target), join(role.path, target), ...shared];
  const nested = includeFolders.flatMap((folder) => {
    const base = isAbsolute(folder) ? folder : join(role.path, section, folder);
    const below = [join(base, section, target), join(base, target), ...shared];
    return kind === 'dynamic' ? [...own, ...below] : below;
  });
  return unique([...nested, ...own]);
}

/** The folders for the tasks of a file that was included as `target`. */
export function foldersWithin(place: Place, target: string): string[] {
  const folder = dirname(target);
  const outer = place.includeFolders.map((each) => (isAbsolute(folder) ? folder : join(each, folder)));
  return unique([folder, ...outer]);
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)];
}
