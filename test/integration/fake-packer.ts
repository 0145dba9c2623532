import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sendEvents } from '../../src/system/event-socket.ts';
import { run } from '../../src/system/process.ts';
import type { FakeCall } from '../fakes/executable/fake-call.ts';
import type { FakeCommand } from '../fakes/executable/fake-executables.ts';
import type { BuildRig } from './build-rig.ts';

export interface PackerBuild {
  readonly call: FakeCall;
  readonly variables: Readonly<Record<string, string>>;
  readonly templatePath: string;
  /** Prints lines as Packer does with -machine-readable. */
  readonly say: (...lines: readonly string[]) => Promise<void>;
  /** Prints lines as a builder's own. */
  readonly tool: (...lines: readonly string[]) => Promise<void>;
}

/** Fakes Packer: its version tells itself, `packer build` does what the test says. */
export async function fakePacker(
  rig: BuildRig,
  build: (packer: PackerBuild) => Promise<void>,
): Promise<FakeCommand> {
  const packer = await rig.fakes.command('packer', async (call) => build(await readBuild(call)));
  // Every run asks for the version: that need not cost a start of Node.
  const file = join(rig.fakes.folder, 'packer');
  const version = `[ "$1" != version ] || { echo 'Packer v1.6.6'; exit; }`;
  await writeFile(file, (await readFile(file, 'utf8')).replace('exec ', `${version}\nexec `));
  return packer;
}

/** The words of a build that goes well up to its conversion. */
export const GOOD_BUILD = [
  '==> qemu: Starting VM, booting disk image',
  '==> qemu: Connected to SSH!',
  '    qemu: PLAY [Container host] ***************',
  '    qemu: TASK [container-host : Install the packages] ***',
  '    qemu: changed: [default]',
  '    qemu: TASK [container-host : Start the services] ***',
  '    qemu: ok: [default]',
  '    qemu: PLAY RECAP *********************',
  '    qemu: default : ok=2 changed=1 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0',
  '==> qemu: Gracefully halting virtual machine...',
] as const;

/** Does what Packer does when all goes well: a disk, and the conversion of it in the post-processor. */
export async function buildWell(packer: PackerBuild): Promise<void> {
  await packer.say(...GOOD_BUILD);
  const disk = await makeDisk(packer);
  await packer.say('==> qemu: Running post-processor:  (type shell-local)');
  const start = join(packer.call.cwd, 'start.sh');
  await run([start, 'convert', disk, '--formats', packer.variables['formats'] ?? ''], {
    env: packer.call.env,
  });
  await packer.call.exit(0);
}

/** As `buildWell`, but what stands for the images is made in no time, and told of as the conversion tells. */
export async function buildQuickly(packer: PackerBuild, formats: readonly string[] = FORMATS): Promise<void> {
  const { image_path: imagePath = '', image_name: name = '' } = packer.variables;
  await packer.say(...GOOD_BUILD, '==> qemu: Running post-processor:  (type shell-local)');
  await mkdir(join(imagePath, 'packer'));
  const { listener, close } = sendEvents(packer.call.env['NETSIL_BUILDER_EVENTS'] ?? '');
  for (const format of formats) {
    const file = `${name}.${format}`;
    await writeFile(join(imagePath, 'packer', file), 'disk');
    const sha256 = createHash('sha256').update('disk').digest('hex');
    listener({ type: 'artifact-made', format, file, bytes: 4, virtualBytes: 512, sha256, timeMs: 0 });
  }
  await close();
  await packer.call.exit(0);
}

const FORMATS = ['qcow2', 'vdi', 'vhd', 'vmdk'] as const;

/** The words of an AMI that goes well, up to its id. */
export const GOOD_AMI = [
  '==> amazon-ebs: Launching a source AWS instance...',
  '==> amazon-ebs: Connected to SSH!',
  '    amazon-ebs: PLAY [Container host] ***************',
  '    amazon-ebs: TASK [container-host : Install the packages] ***',
  '    amazon-ebs: changed: [default]',
  '    amazon-ebs: PLAY RECAP *********************',
  '==> amazon-ebs: Stopping the source instance...',
] as const;

/** Does what Packer does for an AMI when all goes well; the image must be in the account. */
export async function buildAmiWell(packer: PackerBuild, region: string, id: string): Promise<void> {
  await packer.say(...GOOD_AMI);
  await packer.call.stdout(`1763939000,amazon-ebs,artifact,0,id,${region}:${id}\n`);
  await packer.call.exit(0);
}

/** Whether this run of Packer is for the AMI. */
export function isForAmi({ call }: Pick<PackerBuild, 'call'>): boolean {
  return call.args.includes('-only=amazon-ebs');
}

/** The disk of the build, on top of the base, where Packer puts it. */
export async function makeDisk({ variables }: PackerBuild): Promise<string> {
  const { image_path: imagePath = '', image_name: name = '', base_image: base = '' } = variables;
  const disk = join(imagePath, 'packer', `${name}.qcow2`);
  await mkdir(join(imagePath, 'packer'));
  await run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, disk, '48M']);
  await run(['qemu-io', '-f', 'qcow2', '-c', 'write -P 7 1M 64k', disk]);
  return disk;
}

async function readBuild(call: FakeCall): Promise<PackerBuild> {
  const variableFile =
    call.args.find((arg) => arg.startsWith('-var-file='))?.slice('-var-file='.length) ?? '';
  const variables = JSON.parse(await readFile(variableFile, 'utf8')) as Record<string, string>;
  const say = async (...lines: readonly string[]): Promise<void> => {
    const text = lines.map((line) => `1763939000,,ui,${kindOf(line)},${escape(line)}\n`).join('');
    await call.stdout(text);
  };
  return {
    call,
    variables,
    templatePath: call.args.at(-1) ?? '',
    say,
    tool: (...lines) => say(...lines.map((line) => `    qemu: ${line}`)),
  };
}

function kindOf(line: string): string {
  if (/errored|^==> .*(Timeout|error)/i.test(line)) return 'error';
  return line.startsWith('==> ') ? 'say' : 'message';
}

function escape(line: string): string {
  return line.replaceAll(',', '%!(PACKER_COMMA)').replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}
