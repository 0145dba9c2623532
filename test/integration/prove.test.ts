import { copyFile, mkdir, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DISK_FORMATS } from '../../src/images/formats.ts';
import type { Manifest } from '../../src/output/manifest.ts';
import { readProofRecord } from '../../src/output/proof-record.ts';
import { exists, hashFile } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { BuildRig } from './build-rig.ts';
import { buildWell, fakePacker } from './fake-packer.ts';

/** What `prove` does before and besides booting: what it is given, and whether it is all one disk. */
describe('prove', () => {
  let rig: BuildRig;
  let output: string;

  beforeAll(async () => {
    rig = await BuildRig.open();
    await fakePacker(rig, buildWell);
    const formats = DISK_FORMATS.map(({ name }) => name).join(',');
    const { exitCode, stderr } = await rig.run(['build'], { FORMATS: formats });
    expect(exitCode, stderr).toBe(0);
    output = join(rig.imagePath, 'latest');
  }, 120_000);
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  /** A copy of the output that a test may damage. */
  async function copyOfOutput(name: string): Promise<string> {
    await run(['cp', '-rL', '--sparse=always', output, rig.at(name)]);
    return rig.at(name);
  }

  async function editManifest(folder: string, edit: (manifest: Manifest) => Manifest): Promise<void> {
    const path = join(folder, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
    await writeFile(path, JSON.stringify(edit(manifest)));
  }

  it('finds the same disk in every format, and keeps nothing that it unpacked', async () => {
    const { exitCode, stdout, stderr } = await rig.run(['prove', output]);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain(`proven: ${output}`);
    for (const { name } of DISK_FORMATS) expect(stderr).toContain(`compare ${name} 100 %`);
    const { stdout: left } = await run(['ls', '-A', join(output, 'proof')]);
    expect(left.trim().split('\n')).toEqual(['.lock', 'proof.json']);
    const record = await readProofRecord(join(output, 'proof'));
    expect(record).toMatchObject({ comparison: { outcome: 'ok' }, boots: [] });
  });

  it('finds a file that is no longer the one that was made', async () => {
    const folder = await copyOfOutput('tampered');
    await run(['qemu-io', '-f', 'qcow2', '-c', 'write -P 9 3M 512', join(folder, 'small.qcow2')]);
    const { exitCode, stderr } = await rig.run(['prove', folder]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /small\.qcow2 is not the file that was made: its SHA-256 is [0-9a-f]{64}, and should be/,
    );
    const reason = expect.stringMatching(/^small\.qcow2 is not the file that was made/) as string;
    const record = await readProofRecord(join(folder, 'proof'));
    expect(record).toMatchObject({ comparison: { outcome: 'failed', reason }, boots: [] });
    const report = await readFile(join(folder, 'report.html'), 'utf8');
    expect(report).toContain('Not as it was built: small.qcow2 is not the file that was made');
  });

  it('finds a file that holds another disk, whatever its checksum says', async () => {
    const folder = await copyOfOutput('another');
    await run(['qemu-io', '-f', 'vdi', '-c', 'write -P 9 3M 512', join(folder, 'small.vdi')]);
    const sha256 = await hashFile(join(folder, 'small.vdi'));
    await editManifest(folder, (manifest) => ({
      ...manifest,
      artifacts: manifest.artifacts.map((each) => (each.file === 'small.vdi' ? { ...each, sha256 } : each)),
    }));
    const { exitCode, stderr } = await rig.run(['prove', folder]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /small\.vdi does not hold the same disk as small\.qcow2: Content mismatch at offset 3145728/,
    );
  });

  it('takes files without an output, and names their folder of evidence after the first', async () => {
    const files = [join(output, 'small.vhd'), join(output, 'small.azure.vhd')];
    const { exitCode, stderr } = await rig.run(['prove', ...files, '--output-dir', rig.at('evidence')]);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain(`pictures and consoles go to ${rig.at('evidence')}`);
    expect(await exists(rig.at('evidence'))).toBe(true);
  });

  it('proves each of several outputs, whatever is wrong with the first', async () => {
    const folder = await copyOfOutput('damaged');
    await run(['qemu-io', '-f', 'qcow2', '-c', 'write -P 9 3M 512', join(folder, 'small.qcow2')]);
    const { exitCode, stdout, stderr } = await rig.run(['prove', folder, output]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe(`proven: ${output}\n`);
    expect(stderr).toMatch(/error: small\.qcow2 is not the file that was made/);
  });

  describe('refuses', () => {
    const refuse = async (args: readonly string[], env: Record<string, string> = {}): Promise<string> => {
      const { exitCode, stderr } = await rig.run(['prove', ...args], env);
      expect(exitCode).toBe(1);
      return stderr;
    };

    it('a file that is of another format than its name says', async () => {
      await copyFile(join(output, 'small.qcow2'), rig.at('wrong.vdi'));
      expect(await refuse([rig.at('wrong.vdi')])).toMatch(
        /wrong\.vdi cannot be read as vdi; its content is qcow2\n[^]*give the file the extension of its format/,
      );
    });

    it('an archive without a disk', async () => {
      await writeFile(rig.at('empty.ova'), Buffer.alloc(2048));
      expect(await refuse([rig.at('empty.ova')])).toMatch(/empty\.ova is no archive with a disk in it/);
    });

    it('an archive that was cut off', async () => {
      await copyFile(join(output, 'small.tar.gz'), rig.at('cut.tar.gz'));
      await truncate(rig.at('cut.tar.gz'), 200);
      expect(await refuse([rig.at('cut.tar.gz')])).toMatch(/cut\.tar\.gz cannot be read as gce/);
    });

    it('a name that tells no format, and a file that is not there', async () => {
      expect(await refuse([rig.at('disk.img')])).toMatch(/the name of .*disk\.img tells no format/);
      expect(await refuse([rig.at('gone.vdi')])).toMatch(/gone\.vdi cannot be read as vdi/);
    });

    it('a folder that is no output, an unknown level, and nothing at all', async () => {
      await mkdir(rig.at('folder'));
      expect(await refuse([rig.at('folder')])).toMatch(/there is no .*folder\/manifest\.json/);
      expect(await refuse([output], { PROVE: 'boost' })).toMatch(
        /PROVE is "boost", which is not one of: none, compare, boot/,
      );
      expect(await refuse([])).toMatch(/missing required argument 'path'/);
    });

    it('outputs and files at once, and one folder for the evidence of several outputs', async () => {
      expect(await refuse([output, join(output, 'small.vhd')])).toMatch(
        /latest: a folder, and .*small\.vhd is none/,
      );
      expect(await refuse([output, output, '--output-dir', rig.at('evidence')])).toMatch(
        /--output-dir is one folder, for 2 outputs/,
      );
    });

    it('to boot without a key', async () => {
      const env = { PROVE: 'boot', SSH_PRIVATE_KEY: '', IMAGE_PATH: rig.at('elsewhere/images') };
      expect(await refuse([output], env)).toMatch(/there is no key to log in with: .*elsewhere\/secrets/);
    });

    it('checks of the user’s own that are none', async () => {
      await mkdir(rig.at('checks'));
      await writeFile(rig.at('checks/README'), 'text');
      const env = { PROVE: 'boot', PROVE_CHECKS: rig.at('checks') };
      expect(await refuse([output], env)).toMatch(
        /PROVE_CHECKS names .*checks, which has no executable file in it/,
      );
      expect(await refuse([output], { ...env, PROVE_CHECKS: rig.at('none') })).toMatch(
        /names .*none, which cannot be read/,
      );
      expect(await refuse([output], { ...env, PROVE_CHECKS: rig.at('key') })).toMatch(
        /neither a folder nor a playbook/,
      );
      const build = await rig.run(['build', '--force'], env);
      expect(build.stderr).toMatch(/which has no executable file in it/);
    });
  });

  it('lets one proof at a time work in a folder', async () => {
    const folder = await copyOfOutput('locked');
    await mkdir(join(folder, 'proof'), { recursive: true });
    const lock = run(['flock', join(folder, 'proof/.lock'), 'sleep', '3']);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { exitCode, stderr } = await rig.run(['prove', folder]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/another proof is at work in .*locked\/proof/);
    await lock;
    await rename(folder, rig.at('unlocked'));
    expect((await rig.run(['prove', rig.at('unlocked')])).exitCode).toBe(0);
  });
});
