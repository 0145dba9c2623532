import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { Screen } from '../fakes/terminal/screen.ts';
import { bundleProgram } from '../support/typescript-program.ts';

const BUILD = `
  import { EventBus } from './events.ts';
  import { stopOnSignals } from './system/shutdown.ts';
  import { createRenderer } from './ui/renderer.ts';
  const signal = stopOnSignals();
  const bus = new EventBus();
  const { stdout, stderr, env } = process;
  const renderer = createRenderer('auto', { stdout, stderr, env, now: Date.now });
  bus.subscribe(renderer.listener);
  const sleep = (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs));
  bus.emit({ type: 'phase-started', phase: 'convert', title: 'Convert' });
  for (let step = 0; step <= 10; step += 1) {
    bus.emit({ type: 'progress', phase: 'convert', item: 'vdi', fraction: step / 10 });
    await sleep(40);
  }
`;
const FINISH = `
  bus.emit({ type: 'phase-finished', phase: 'convert', outcome: 'done', durationMs: 400 });
  bus.emit({ type: 'build-finished', directory: '/opt/images/x', artifacts: [], durationMs: 400 });
  renderer.close();
`;

/** Runs the program on a terminal of its own (script(1) makes one) and returns what is to be seen there at the end. */
async function onTerminal(source: string, size: string): Promise<Screen> {
  await using program = await bundleProgram(source);
  const command = `${size} '${process.execPath}' '${program.path}'`;
  const child = spawn('script', ['--quiet', '--command', command, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', LC_ALL: 'C', NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [transcript] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const screen = new Screen(80, 24);
  screen.write(transcript);
  return screen;
}

describe('on a real terminal', () => {
  it.each([
    ['', 'that has no size'],
    ['stty columns 80 rows 24;', 'of the usual size'],
  ])('leaves a clean screen (%j: a terminal %s)', async (size) => {
    const screen = await onTerminal(BUILD + FINISH, size);
    expect(screen.text).toMatch(/^\+ Convert +0\.4 s\n\nfinished in 0\.4 s\n/);
    expect(screen.text).toMatch(/directory {2}\/opt\/images\/x$/);
    expect(screen.isCursorVisible).toBe(true);
  });

  it.each([
    [
      "process.kill(process.pid, 'SIGTERM'); process.kill(process.pid, 'SIGINT'); await sleep(5000);",
      'two signals',
    ],
    ["throw new Error('a bug');", 'a bug'],
    ['process.exit(1);', 'an exit in the middle'],
  ])('shows the cursor again, whatever ends the program: %s', async (end) => {
    const screen = await onTerminal(BUILD + end, '');
    expect(screen.isCursorVisible).toBe(true);
    expect(screen.text).not.toContain('vdi');
  });
});
