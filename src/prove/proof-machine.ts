import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asError, BuilderError } from '../errors.ts';
import { sshGreeting } from '../qemu/ssh-greeting.ts';
import { saveScreenshot } from '../qemu/screenshot.ts';
import { type MachineWatch, watchMachine } from '../qemu/watch-machine.ts';
import { RUN_LABEL } from '../system/leftovers.ts';
import { ProcessError, run } from '../system/process.ts';
import type { Scope } from '../system/scope.ts';
import { finalSymptom } from './diagnose.ts';
import { type ProofMachine, proofMachineArgs } from './machine-arguments.ts';

export interface StartOptions {
  /** Marks the process, so that it can be found when this program is killed. */
  readonly runId: string | undefined;
  readonly signal: AbortSignal;
}

/** How a machine's boot ended, as seen from outside. */
export type BootOutcome =
  | { readonly reached: 'ssh' }
  | { readonly reached: 'end'; readonly why: string }
  | { readonly reached: 'time-out' };

/** A machine that runs until the scope ends. */
export interface RunningMachine {
  /** Fires with the signal that was given, and when the machine finds no room for its disk (`disk-full`). */
  readonly signal: AbortSignal;
  /** Waits until SSH greets, the machine says or shows that it never will, or the time is over. */
  readonly boot: (timeoutMs: number) => Promise<BootOutcome>;
  /** Takes a picture of its screen, a PNG file. Rejects when it is gone. */
  readonly screenshot: (path: string) => Promise<void>;
}

const LOOK_EVERY_MS = 1000;

/** Starts a machine. A QEMU that ends by itself ends the boot, with its last words. */
export function startProofMachine(
  scope: Scope,
  machine: ProofMachine,
  { runId, signal: outerSignal }: StartOptions,
): RunningMachine {
  const stop = new AbortController();
  const full = new AbortController();
  const signal = AbortSignal.any([outerSignal, full.signal]);
  const ended = run(proofMachineArgs(machine), {
    signal: AbortSignal.any([signal, stop.signal]),
    capture: false,
    ...(runId === undefined ? {} : { env: { ...process.env, [RUN_LABEL]: runId } }),
  }).then(() => 'the machine switched itself off', lastWords);
  const watch = watchMachine(machine.monitorSocket, () => full.abort(diskFull(machine.overlay)));
  scope.defer(async () => {
    watch.stop();
    stop.abort();
    await ended.catch(() => undefined);
  });
  return {
    signal,
    boot: (timeoutMs) => waitForBoot(machine, { watch, ended }, timeoutMs, signal),
    screenshot: async (path) => {
      const client = await watch.monitor(AbortSignal.any([signal, AbortSignal.timeout(LOOK_EVERY_MS)]));
      await saveScreenshot(client, path);
    },
  };
}

async function waitForBoot(
  machine: ProofMachine,
  { watch, ended }: { readonly watch: MachineWatch; readonly ended: Promise<string> },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<BootOutcome> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const outcomes: Promise<BootOutcome>[] = [
    watch
      .monitor(either)
      .then((monitor) => sshGreeting(monitor, machine.sshPort, either))
      .then(() => ({ reached: 'ssh' })),
    ended.then((why) => ({ reached: 'end', why })),
    watchConsole(machine, either).then((why) => ({ reached: 'end', why })),
    sleep(timeoutMs, undefined, { signal: either }).then(() => ({ reached: 'time-out' })),
  ];
  // Those that lose are told to end, and reject then.
  for (const outcome of outcomes) outcome.catch(() => undefined);
  try {
    const outcome = await Promise.race(outcomes);
    signal.throwIfAborted();
    return outcome;
  } finally {
    over.abort();
  }
}

/** Waits until the consoles say something that no further waiting mends. */
async function watchConsole(machine: ProofMachine, signal: AbortSignal): Promise<string> {
  for (;;) {
    await sleep(LOOK_EVERY_MS, undefined, { signal });
    const symptom = finalSymptom(
      await readConsole(machine.serialLog),
      await readConsole(machine.firmwareLog),
    );
    if (symptom !== undefined) return symptom;
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

/** What a machine that ended said last. That there is no QEMU says nothing of the image. */
function lastWords(thrown: unknown): string {
  if (!(thrown instanceof ProcessError)) return asError(thrown).message;
  if (thrown.failure === 'not-found') throw thrown;
  return thrown.tail.at(-1) ?? thrown.message;
}
