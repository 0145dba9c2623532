import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PreparedBase } from '../../../src/base/prepare-base.ts';
import { commandArgs, NO_CONNECTION } from '../../../src/qemu/guest-ssh.ts';
import { machineTypeArgs } from '../../../src/qemu/machine.ts';
import { findUefiFirmware, uefiArgs, withOwnVariables } from '../../../src/qemu/uefi-firmware.ts';
import { temporaryFolder } from '../../../src/system/files.ts';
import { freePort } from '../../../src/system/free-port.ts';
import { run, type RunResult } from '../../../src/system/process.ts';
import type { Scope } from '../../../src/system/scope.ts';
import { qemuArguments } from '../../../src/userdata/qemu-arguments.ts';
import { type DriveKind, planUserData } from '../../../src/userdata/user-data.ts';
import { writeUserData } from '../../../src/userdata/write-user-data.ts';

export interface MachineRequest {
  /** The disk to start from; it is not written to. */
  readonly disk: Pick<PreparedBase, 'path' | 'format'>;
  readonly firmware?: 'bios' | 'uefi';
  readonly diskSizeBytes?: number;
  /** How it is told its key; without one it gets no drive, and `key` must fit what is in the image. */
  readonly driveKind?: DriveKind;
  readonly user?: string;
  /** An SSH private key to log in with; one is made when left out. */
  readonly key?: string;
  /** More QEMU arguments, or others for the hardware: `-drive` names the disk `disk`. */
  readonly diskDevice?: string;
  readonly networkDevice?: string;
}

/** A running machine, killed when the scope ends. */
export interface Machine {
  /** Seconds from QEMU's start to the first answer of SSH. */
  readonly bootSeconds: number;
  /** Processor seconds that QEMU used for that, which other work on the machine does not change. */
  readonly bootCpuSeconds: number;
  /** Runs a command inside; any exit code is an answer. Fails when SSH itself does not get through, after some tries. */
  readonly ssh: (command: string) => Promise<RunResult>;
  /** What it has written, on top of the disk that it started from; to be started again once it is off. */
  readonly disk: MachineRequest['disk'];
  /** The SSH private key that opens it. */
  readonly key: string;
  /** Switches it off by its own shutdown and waits for its end. */
  readonly powerOff: () => Promise<void>;
  readonly serialLog: string;
}

const BOOT_TIMEOUT_MS = 5 * 60_000;

/** Starts a machine on an overlay of the disk and waits until SSH lets us in. Fails with the serial console's tail. */
export async function startMachine(scope: Scope, request: MachineRequest): Promise<Machine> {
  const folder = await temporaryFolder(scope);
  const key = request.key ?? (await makeKey(folder));
  const overlay = join(folder, 'disk.qcow2');
  const size = request.diskSizeBytes === undefined ? [] : [`${request.diskSizeBytes}`];
  const backing = ['-b', request.disk.path, '-F', request.disk.format];
  await run(['qemu-img', 'create', '-q', '-f', 'qcow2', ...backing, overlay, ...size]);
  const port = await freePort();
  const serialLog = join(folder, 'serial.log');
  const argv = [
    ...machineArgs(request, overlay, port, serialLog),
    ...(await driveArgs(request, key, folder)),
    ...(await firmwareArgs(request, folder)),
    ...['-pidfile', join(folder, 'pid')],
  ];
  const stop = new AbortController();
  const startMs = performance.now();
  const qemu = run(argv, { signal: stop.signal, capture: false });
  let ending: Error | undefined;
  const ended = qemu.then(
    () => undefined,
    (error: unknown) => {
      if (!stop.signal.aborted) ending = error as Error;
    },
  );
  scope.defer(async () => {
    stop.abort();
    await ended;
  });
  const ssh: TrySsh = (command, connectTimeoutSeconds) =>
    run(commandArgs({ port, keyPath: key, user: request.user ?? 'core' }, connectTimeoutSeconds, command), {
      acceptExitCodes: ANY_EXIT_CODE,
    });
  await waitForSsh(ssh, serialLog, () => ending);
  return {
    bootSeconds: (performance.now() - startMs) / 1000,
    bootCpuSeconds: await cpuSeconds(join(folder, 'pid')),
    ssh: (command) => askBySsh(ssh, command),
    disk: { path: overlay, format: 'qcow2' },
    key,
    serialLog,
    powerOff: async () => {
      // The connection may end before the command does.
      await ssh('sudo systemctl poweroff', CONNECT_TIMEOUT_SECONDS);
      await ended;
    },
  };
}

const ANY_EXIT_CODE = Array.from({ length: 256 }, (_, code) => code);
/** A machine that boots takes connections that it never answers: a short wait sees its first answer at once. */
const BOOT_CONNECT_TIMEOUT_SECONDS = 3;
/** One that has booted is only slow, with its services still starting, by emulation on a busy machine. */
const CONNECT_TIMEOUT_SECONDS = 30;
const SSH_TRIES = 3;

type TrySsh = (command: string, connectTimeoutSeconds: number) => Promise<RunResult>;

/** No answer is not an empty answer: what a test asks for must have been asked. */
async function askBySsh(ssh: TrySsh, command: string): Promise<RunResult> {
  for (let tries = 1; ; tries += 1) {
    const result = await ssh(command, CONNECT_TIMEOUT_SECONDS);
    if (result.exitCode !== NO_CONNECTION) return result;
    if (tries === SSH_TRIES) throw new Error(`SSH does not get through: ${result.tail.join('; ')}`);
    await sleep(1000);
  }
}

async function waitForSsh(ssh: TrySsh, serialLog: string, ending: () => Error | undefined): Promise<void> {
  const deadlineMs = performance.now() + BOOT_TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    const error = ending();
    if (error !== undefined) throw error;
    if ((await ssh('true', BOOT_CONNECT_TIMEOUT_SECONDS)).exitCode !== NO_CONNECTION) return;
    await sleep(300);
  }
  const serial = await readFile(serialLog, 'utf8').catch(() => '');
  throw new Error(`SSH did not answer in ${BOOT_TIMEOUT_MS / 1000} s:\n${serial.slice(-3000)}`);
}

function machineArgs(request: MachineRequest, disk: string, port: number, serialLog: string): string[] {
  return [
    ...['qemu-system-x86_64', ...machineTypeArgs('pc', 'tcg'), '-smp', '2', '-m', '2048'],
    ...['-display', 'none', '-serial', `file:${serialLog}`, '-monitor', 'none'],
    ...['-drive', `file=${disk},if=none,id=disk,cache=unsafe,discard=unmap`],
    ...['-device', request.diskDevice ?? 'virtio-blk-pci,drive=disk'],
    ...['-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ...['-device', `${request.networkDevice ?? 'virtio-net-pci'},netdev=net`, '-device', 'virtio-rng-pci'],
  ];
}

async function driveArgs(request: MachineRequest, key: string, folder: string): Promise<string[]> {
  if (request.driveKind === undefined) return [];
  const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
  const { driveKind } = request;
  const data = planUserData({ family: 'embedded', publicKey, hostname: 'test', driveKind });
  const drive = join(folder, 'user-data.iso');
  await writeUserData(data, drive);
  return qemuArguments(data, drive);
}

async function firmwareArgs({ firmware }: MachineRequest, folder: string): Promise<string[]> {
  if (firmware !== 'uefi') return [];
  const uefi = await findUefiFirmware();
  if (uefi === undefined) throw new Error('no UEFI firmware is installed (package ovmf)');
  return uefiArgs(await withOwnVariables(uefi, folder));
}

async function makeKey(folder: string): Promise<string> {
  const key = join(folder, 'key');
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', key]);
  return key;
}

/** User and system time of a process, from /proc (fields 14 and 15, in hundredths of a second). */
async function cpuSeconds(pidFile: string): Promise<number> {
  const pid = (await readFile(pidFile, 'utf8')).trim();
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
