import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** The places of a build under names that Packer, Ansible and QEMU can take. */
export interface PlainPaths {
  readonly imagePath: string;
  readonly logFolder: string;
  readonly baseImage: string;
  readonly privateKey: string;
  readonly layersPath: string;
}

/**
 * Links in the run folder to places whose names are the user's. Packer 1.6.6 writes paths into option lists of QEMU
 * (a comma ends an option), into `key=value` words for Ansible (a space ends the value), and reads the base image's as
 * an address (`?`, `#` and `%` mean something else). Through a link every name works, and there is only one way.
 */
export async function linkPlainPaths(runFolder: string, places: PlainPaths): Promise<PlainPaths> {
  const link = async (name: string, target: string): Promise<string> => {
    const path = join(runFolder, name);
    // A second try of a build makes them again.
    await rm(path, { force: true });
    await symlink(target, path);
    return path;
  };
  return {
    imagePath: await link('images', places.imagePath),
    logFolder: await link('logs', places.logFolder),
    baseImage: await link('base', places.baseImage),
    privateKey: await link('key', places.privateKey),
    layersPath: await link('layers', places.layersPath),
  };
}
