import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { userDataCommand } from '../../src/commands/user-data.ts';
import { BuilderError } from '../../src/errors.ts';
import type { BuildEvent } from '../../src/events.ts';
import { run } from '../../src/system/process.ts';

let folder: string;
let printed: string;
let events: BuildEvent[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nb-command-'));
  printed = '';
  events = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function userData(options: Record<string, string>, variables: Record<string, string> = {}): Promise<void> {
  return userDataCommand.run(
    { args: [], options, variables },
    {
      env: {},
      cwd: folder,
      programFolder: folder,
      signal: new AbortController().signal,
      emit: (event) => events.push(event),
      subscribe: () => () => undefined,
      print: (text) => {
        printed += `${text}\n`;
      },
    },
  );
}

describe('user-data', () => {
  it('prints the cloud-config of the embedded base, with a key that it makes and tells of', async () => {
    await userData({});
    const privateKey = join(folder, 'secrets/netsil-builder_ed25519');
    const publicKey = (await readFile(`${privateKey}.pub`, 'utf8')).trimEnd();
    expect(printed).toBe(`#cloud-config\nssh_authorized_keys:\n  - ${publicKey}\n`);
    expect(events).toEqual([
      { type: 'notice', level: 'info', text: `made an SSH key for the images: ${privateKey}` },
    ]);
  });

  it('prints the same the second time, with nothing to tell', async () => {
    await userData({});
    const first = printed;
    printed = '';
    events = [];
    await userData({});
    expect(printed).toBe(first);
    expect(events).toEqual([]);
  });

  it('takes the family of the base that a build would take', async () => {
    await userData({}, { BASE_FAMILY: 'flatcar', BASE_IMAGE: await smallDisk('some.img') });
    expect(JSON.parse(printed)).toMatchObject({ ignition: { version: '3.3.0' } });
  });

  it('writes a drive that can be read, and says how QEMU gets it', async () => {
    await userData({ family: 'ubuntu', drive: 'nocloud', output: 'out/seed.iso' });
    const file = join(folder, 'out/seed.iso');
    const { stdout } = await run(['blkid', '-p', '-o', 'value', '-s', 'LABEL', file]);
    expect(stdout).toBe('cidata\n');
    expect(printed).toContain(`${file}: a NoCloud drive for ubuntu`);
    expect(printed).toContain(`-drive file=${file},format=raw,media=cdrom,index=2,readonly=on`);
  });

  it('writes an Ignition config, and says how QEMU gets it', async () => {
    await userData({ family: 'fedora-coreos', output: 'config.ign' });
    expect(printed).toContain(`-fw_cfg name=opt/com.coreos/config,file=${join(folder, 'config.ign')}`);
    await run(['ignition-validate', join(folder, 'config.ign')]);
  });

  it.each([
    ['an unknown family', { family: 'gentoo' }, /--family is "gentoo"/, /embedded, coreos/],
    ['an unknown drive', { drive: 'floppy' }, /--drive is "floppy"/, /config-drive, nocloud/],
    [
      'a drive that CoreOS cannot read',
      { family: 'coreos', drive: 'nocloud' },
      /coreos/,
      /leave --drive out/,
    ],
    ['a drive for Ignition', { family: 'flatcar', drive: 'config-drive' }, /flatcar/, /leave --drive out/],
    ['a config named like a drive', { family: 'flatcar', output: 'x.iso' }, /ends in .iso/, /\.ign/],
    ['a drive named like a config', { family: 'debian', output: 'x.ign' }, /ends in .ign/, /\.iso/],
  ])('refuses %s', async (_what, options, message, hint) => {
    const error: unknown = await userData(options).catch((thrown: unknown) => thrown);
    if (!(error instanceof BuilderError)) throw new Error('no refusal');
    expect(error.code).toBe('settings-invalid');
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
    expect(printed).toBe('');
    expect(await readdir(folder)).not.toContain('x.iso');
  });

  it('refuses unusable keys', async () => {
    await writeFile(join(folder, 'id'), 'no key\n');
    await expect(userData({}, { SSH_PRIVATE_KEY: 'id' })).rejects.toMatchObject({ code: 'key-unreadable' });
  });
});

async function smallDisk(name: string): Promise<string> {
  const path = join(folder, name);
  await run(['qemu-img', 'create', '-q', '-f', 'qcow2', path, '1M']);
  return path;
}
