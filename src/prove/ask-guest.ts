import { setTimeout as sleep } from 'node:timers/promises';
import { commandArgs, type GuestLogin, NO_CONNECTION } from '../qemu/guest-ssh.ts';
import { ProcessError, run } from '../system/process.ts';
import type { ProvenPayload } from './checks.ts';
import { type GuestFacts, guestScript, parseFacts } from './guest-facts.ts';

/** What is asked besides what every machine tells. */
export interface Question {
  /** When the machine was started, in seconds since the Unix epoch. */
  readonly startedSeconds: number;
  readonly drivers: readonly string[];
  readonly payload: ProvenPayload;
  /** How long SSH may have taken to answer: what comes then is slow or fast as that is. */
  readonly bootTimeoutMs: number;
}

/** The machine's answer, or ssh's words when it does not let anybody in. */
export type Answer = { readonly facts: GuestFacts } | { readonly refusal: string };

/** With the time that a guest waits for its own start to end. */
const LEAST_ANSWER_MS = 10 * 60_000;
const CONNECT_TIMEOUT_SECONDS = 30;
/** Some let nobody in until their first boot is over, with the key not there yet; a part of the time for the boot. */
const ADMIT_SHARE = 0.2;
const TRY_EVERY_MS = 3000;

/** Logs in, once more for a while when that is refused, and lets the machine tell of itself. */
export async function askGuest(login: GuestLogin, question: Question, signal: AbortSignal): Promise<Answer> {
  const scripts = ['facts', ...(question.payload === 'other' ? [] : [scriptOf(question.payload)])] as const;
  const input = (await Promise.all(scripts.map((name) => guestScript(name)))).join('\n');
  const command = ['sudo', '-n', '/bin/sh', '-s', '--', question.startedSeconds, ...question.drivers].join(
    ' ',
  );
  const argv = commandArgs(login, CONNECT_TIMEOUT_SECONDS, command);
  const deadlineMs = performance.now() + question.bootTimeoutMs * ADMIT_SHARE;
  const timeoutMs = Math.max(LEAST_ANSWER_MS, question.bootTimeoutMs);
  for (;;) {
    try {
      const { stdout } = await run(argv, { input, signal, timeoutMs });
      return { facts: parseFacts(stdout) };
    } catch (thrown) {
      if (!(thrown instanceof ProcessError) || signal.aborted) throw thrown;
      const refusal = thrown.tail.at(-1) ?? thrown.message;
      // An exit code of the machine's own, such as sudo's, is not mended by waiting.
      const isOver = thrown.exitCode !== NO_CONNECTION || performance.now() > deadlineMs;
      if (isOver) return { refusal };
    }
    await sleep(TRY_EVERY_MS, undefined, { signal });
  }
}

function scriptOf(payload: Exclude<ProvenPayload, 'other'>): 'container' | 'dcos' {
  return payload === 'dcos' ? 'dcos' : 'container';
}
