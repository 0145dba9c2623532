import { createHash } from 'node:crypto';

/** A file that the recipe puts into the disk, owned by root. */
export interface RecipeFile {
  /** Absolute path in the guest. */
  readonly path: string;
  readonly content: string;
  /** Permission bits; 0644 when left out. */
  readonly mode?: number;
}

/** All that decides the content of a Debian disk made here. The same recipe gives the same disk layout and ids. */
export interface DebianRecipe {
  /** Short name for progress and file names: letters, digits, dashes. */
  readonly name: string;
  /** Debian release, by code name. */
  readonly suite: string;
  /** Packages besides the ones that every bootable disk needs (kernel, systemd, boot loader, file system tools). */
  readonly packages: readonly string[];
  /** Laid over the installed system, after all packages are configured. */
  readonly files: readonly RecipeFile[];
  /** POSIX shell, run by `sh -eu` as root inside the system, after the files are there. */
  readonly script: string;
  /** Kernel command line besides `root=`; kept in /etc/default/grub, so that kernel upgrades keep it. */
  readonly kernelArguments: string;
  readonly diskSizeBytes: number;
}

/** A UUID that depends on the recipe and a role (disk, partition, file system) alone. */
export function recipeUuid(recipe: DebianRecipe, role: string): string {
  const hex = createHash('sha256')
    .update(`${recipeDigest(recipe)} ${role}`)
    .digest('hex');
  // Version 8 (custom) and the RFC 9562 variant, so that tools accept it as a UUID.
  const fields = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`];
  return [...fields, hex.slice(20, 32)].join('-');
}

/** Identifies a recipe by all that it says. */
export function recipeDigest(recipe: DebianRecipe): string {
  const content = [
    recipe.name,
    recipe.suite,
    recipe.packages,
    recipe.files.map((file) => [file.path, file.content, file.mode ?? null]),
    recipe.script,
    recipe.kernelArguments,
    recipe.diskSizeBytes,
  ];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
