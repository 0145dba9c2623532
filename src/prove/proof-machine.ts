import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asError, BuilderError } from '../errors.ts';
import { forwardedPort } from '../qemu/forwarded-port.ts';
import type { QmpClient } from '../qemu/qmp.ts';
import { sshGreeting } from '../qemu/ssh-greeting.ts';
import { saveScreenshot } from '../qemu/screenshot.ts';
import { type MachineWatch, watchMachine } from '../qemu/watch-machine.ts';
import { endingWithParent } from '../system/ending-with-parent.ts';
import { RUN_LABEL } from '../system/leftovers.ts';
import { run } from '../system/process.ts';
import type { Scope } from '../system/scope.ts';
import { finalSymptom } from './diagnose.ts';
import { lastWords } from './machine-end.ts';
import { type ProofMachine, proofMachineArgs } from './machine-arguments.ts';

export interface StartOptions {
  /** Marks the process, so that it can be found when this program is killed. */
  readonly runId: string | undefined;
  readonly signal: AbortSignal;
}

/** How a machine's boot ended, as seen from outside. */
export type BootOutcome = Reached | Ended;
type Reached = { readonly reached: 'ssh'; readonly port: number } | { readonly reached: 'time-out' };

/** A machine that ended by itself, or whose console shows that it comes no further, and what was said of it. */
export interface Ended {
  readonly reached: 'end';
  readonly why: string;
}

/** A machine that runs until the scope ends. */
export interface RunningMachine {
  /** Waits until SSH greets, on a port of the loopback address that leads to it, the machine ends, or the time is over. */
  readonly boot: (timeoutMs: number) => Promise<BootOutcome>;
  /**
   * Does some work with the machine; should the machine end first, the work is told to stop by its signal, and nobody waits
   * for it. Rejects when the proof is stopped, or the machine finds no room for its disk (`disk-full`).
   */
  readonly untilEnd: <Result>(work: (signal: AbortSignal) => Promise<Result>) => Promise<Result | Ended>;
  /** Takes a picture of its screen, a PNG file. Rejects when it is gone, or does not answer. */
  readonly screenshot: (path: string) => Promise<void>;
}

const LOOK_EVERY_MS = 1000;
/** A machine on a busy host answers slowly; one that is gone never does. */
const SCREENSHOT_WITHIN_MS = 5000;
const SSH_PORT = 22;

/**
 * Starts a machine. A QEMU that ends ends what is done with it, with its last words; one that could not even run the
 * machine makes it fail (`process-failed`, `tool-missing`).
 */
export function startProofMachine(
  scope: Scope,
  machine: ProofMachine,
  { runId, signal: outerSignal }: StartOptions,
): RunningMachine {
  const stop = new AbortController();
  const full = new AbortController();
  const signal = AbortSignal.any([outerSignal, full.signal]);
  const watch = watchMachine(machine.monitorSocket, () => full.abort(diskFull(machine.overlay)));
  const ended = runMachine(machine, watch, { runId, signal: AbortSignal.any([signal, stop.signal]) });
  scope.defer(async () => {
    watch.stop();
    stop.abort();
    await ended.catch(() => undefined);
  });
  // Told of when somebody waits for it.
  ended.catch(() => undefined);
  const untilEnd: RunningMachine['untilEnd'] = (work) => raceEnd(work, { machine, ended, signal });
  return {
    untilEnd,
    boot: (timeoutMs) => untilEnd((either) => waitForSsh(watch, timeoutMs, either)),
    screenshot: (path) => takeScreenshot(watch, path, ended, signal),
  };
}

/** Runs QEMU to its end, and tells how that came. */
async function runMachine(
  machine: ProofMachine,
  watch: MachineWatch,
  { runId, signal }: StartOptions,
): Promise<Ended> {
  let hasRun = false;
  watch.monitor(signal).then(
    () => (hasRun = true),
    () => undefined,
  );
  try {
    await run(endingWithParent(proofMachineArgs(machine)), {
      ...{ signal, capture: false },
      ...(runId === undefined ? {} : { env: { ...process.env, [RUN_LABEL]: runId } }),
    });
    return { reached: 'end', why: 'the machine switched itself off' };
  } catch (thrown) {
    return { reached: 'end', why: lastWords(thrown, hasRun) };
  }
}

/** The work's result, or the machine's end; what loses is told to stop, and nobody waits for it. */
async function raceEnd<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  { machine, ended, signal }: { machine: ProofMachine; ended: Promise<Ended>; signal: AbortSignal },
): Promise<Result | Ended> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  try {
    return await Promise.race([work(either), watchConsole(machine, either), ended]);
  } finally {
    over.abort();
    // Whatever the work makes of that, it is why it ended.
    signal.throwIfAborted();
  }
}

async function waitForSsh(watch: MachineWatch, timeoutMs: number, signal: AbortSignal): Promise<Reached> {
  const late = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, late]);
  try {
    const { monitor, port } = await findSsh(watch, either);
    await sshGreeting(monitor, port, either);
    either.throwIfAborted();
    return { reached: 'ssh', port };
  } catch (thrown) {
    if (late.aborted) return { reached: 'time-out' };
    throw thrown;
  }
}

/** The port that leads to SSH, and the monitor that told it. That a machine is gone before it tells is told elsewhere. */
async function findSsh(
  watch: MachineWatch,
  signal: AbortSignal,
): Promise<{ readonly monitor: QmpClient; readonly port: number }> {
  for (;;) {
    const monitor = await watch.monitor(signal);
    const port = await forwardedPort(monitor, SSH_PORT).catch(() => undefined);
    if (port !== undefined) return { monitor, port };
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function takeScreenshot(
  watch: MachineWatch,
  path: string,
  ended: Promise<Ended>,
  signal: AbortSignal,
): Promise<void> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(SCREENSHOT_WITHIN_MS)]);
  const picture = watch.monitor(either).then((monitor) => saveScreenshot(monitor, path));
  const gone = ended.then(() => {
    throw new Error('the machine is gone');
  });
  try {
    await Promise.race([picture, gone, once(either, 'abort')]);
    either.throwIfAborted();
  } catch (thrown) {
    throw either.aborted ? new Error('its monitor does not answer') : asError(thrown);
  }
}

/** Waits until the consoles say something that no further waiting mends. */
async function watchConsole(machine: ProofMachine, signal: AbortSignal): Promise<Ended> {
  for (;;) {
    await sleep(LOOK_EVERY_MS, undefined, { signal });
    const why = finalSymptom(await readConsole(machine.serialLog), await readConsole(machine.firmwareLog));
    if (why !== undefined) return { reached: 'end', why };
  }
}

/** The text of a console so far; empty while there is none. */
export async function readConsole(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

function diskFull(overlay: string): BuilderError {
  const folder = dirname(dirname(overlay));
  return new BuilderError(
    'disk-full',
    `the disk of ${folder} is full: a machine of the proof could not write`,
    {
      hint: 'make room, or name another folder by --output-dir',
    },
  );
}
