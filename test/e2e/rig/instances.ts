import { join } from 'node:path';
import { machineTypeArgs } from '../../../src/qemu/machine.ts';
import { temporaryFolder } from '../../../src/system/files.ts';
import { freePort } from '../../../src/system/free-port.ts';
import { run } from '../../../src/system/process.ts';
import type { Scope } from '../../../src/system/scope.ts';
import { writeUserData } from '../../../src/userdata/write-user-data.ts';
import type { AwsStandIn } from '../../fakes/aws/aws-stand-in.ts';
import type { Instance } from '../../fakes/aws/ec2/machines.ts';
import { type TinyBase, tinyBase } from './tiny-base.ts';

/** What becomes of the instances of the stand-in for EC2: each is a tiny machine here, reached by SSH at one port. */
export interface LocalInstances {
  /** Where SSH of an instance answers, on its public address. */
  readonly port: number;
  /** The disks of the instances so far, oldest first. */
  readonly disks: readonly string[];
  /** Waits until every machine has ended. */
  readonly ended: () => Promise<void>;
}

const ADDRESS = '127.0.0.1';

/**
 * Lets the stand-in's instances run here, one after the other. A machine lets in the key pair of its instance and the keys in
 * its user data; `keyPath` is the private key of one of these, with which it is shut down when the instance is stopped.
 */
export async function runInstancesHere(
  scope: Scope,
  aws: AwsStandIn,
  keyPath: string,
): Promise<LocalInstances> {
  const [base, port] = [await tinyBase(), await freePort()];
  const gone = new AbortController();
  const disks: string[] = [];
  const running: Promise<unknown>[] = [];
  const launch = async (instance: Instance, publicKey: string | undefined): Promise<void> => {
    const folder = await temporaryFolder(scope);
    const disk = join(folder, 'disk.qcow2');
    disks.push(disk);
    await run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base.disk, disk]);
    const drive = join(folder, 'drive.iso');
    await writeDrive(drive, [...keysIn(instance.userData ?? ''), publicKey ?? '']);
    const argv = machineArgs(base, { disk, drive, port });
    // A machine that is terminated is killed: its exit is no failure.
    await run(argv, { signal: gone.signal, killAfterMs: 0 }).catch(() => undefined);
  };
  const shutDown = [
    'ssh',
    '-i',
    keyPath,
    '-p',
    `${port}`,
    ...SSH_OPTIONS,
    `core@${ADDRESS}`,
    'sudo poweroff',
  ];
  aws.world.region('us-west-2').machines.host = {
    address: ADDRESS,
    launched: (instance, publicKey) => running.push(launch(instance, publicKey)),
    stopped: () => running.push(run(shutDown).catch(() => undefined)),
    terminated: () => {
      // One that was stopped before has powered itself off.
      if (running.length === 1) gone.abort();
    },
  };
  const ended = async (): Promise<void> => {
    await Promise.all(running);
  };
  scope.defer(async () => {
    gone.abort();
    await ended();
  });
  return { port, disks, ended };
}

const SSH_OPTIONS = [
  'BatchMode=yes',
  'IdentitiesOnly=yes',
  'StrictHostKeyChecking=no',
  'UserKnownHostsFile=/dev/null',
].flatMap((option) => ['-o', option]);

function keysIn(userData: string): string[] {
  return [...userData.matchAll(/ssh-ed25519 [\w+/=]+/g)].map(([key]) => key);
}

async function writeDrive(path: string, keys: readonly string[]): Promise<void> {
  const text = `#cloud-config\nssh_authorized_keys:\n${keys.map((key) => `  - "${key}"\n`).join('')}`;
  const driveFiles = [{ path: 'openstack/latest/user_data', content: text }];
  const data = {
    kind: 'cloud-config',
    text,
    driveKind: 'config-drive',
    driveLabel: 'config-2',
    driveFiles,
  } as const;
  await writeUserData(data, path);
}

function machineArgs(
  base: TinyBase,
  { disk, drive, port }: { readonly disk: string; readonly drive: string; readonly port: number },
): string[] {
  return [
    'qemu-system-x86_64',
    ...[...machineTypeArgs('pc', 'tcg'), '-m', '256'],
    ...['-kernel', join(base.folder, 'vmlinuz'), '-initrd', join(base.folder, 'initrd')],
    ...['-append', 'console=ttyS0 net.ifnames=0 quiet'],
    ...['-drive', `file=${disk},if=virtio,cache=unsafe`, '-cdrom', drive],
    ...['-netdev', `user,id=net,hostfwd=tcp:${ADDRESS}:${port}-:22`, '-device', 'virtio-net-pci,netdev=net'],
    ...['-display', 'none', '-serial', 'null', '-monitor', 'none'],
  ];
}
