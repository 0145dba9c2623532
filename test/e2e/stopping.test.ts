import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exists, temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { nothingLeftWith, processesWith } from '../support/processes.ts';
import { LayeredProject } from './rig/layered.ts';
import { launch, startSh } from './rig/program.ts';
import { linkSharedBase } from './rig/shared-base.ts';

/** Builds that do not come to their end: what the user sees, and what is left. */
describe('a build that is', () => {
  let scope: Scope;
  let imagePath: string;
  let env: NodeJS.ProcessEnv;

  beforeEach(async () => {
    scope = new Scope();
    imagePath = join(await temporaryFolder(scope), 'images');
    await linkSharedBase(imagePath);
    env = { IMAGE_PATH: imagePath, IMAGE_NAME: 'stop', PAYLOAD: 'container-host' };
  });
  afterEach(async () => {
    await scope[Symbol.asyncDispose]();
  });

  /** Every process of the build has IMAGE_PATH in its environment: Packer, its plugins, QEMU, Ansible, ssh. */
  const label = (): string => `IMAGE_PATH=${imagePath}`;

  const visible = (): Promise<string[]> => visibleIn(imagePath);

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stopped by %s ends with %i and leaves no process and no half-made file', async (signal, code) => {
    const program = launch(['--progress', 'plain'], env);
    await program.line(/boot: boot the machine/);
    program.kill(signal);
    expect(await program.exitCode).toBe(code);
    await nothingLeftWith(label());
    expect(await visible()).toEqual([]);
    expect(program.lines.join('\n')).toContain(`stopped by ${signal}`);
  });

  it('stopped twice is killed at once', async () => {
    const program = launch(['--progress', 'plain'], env);
    await program.line(/boot: boot the machine/);
    program.kill('SIGINT');
    // Two signals of one kind at once are one; nobody types that fast.
    await new Promise((resolve) => setTimeout(resolve, 100));
    program.kill('SIGINT');
    const startMs = performance.now();
    expect(await program.exitCode).toBe(130);
    expect(performance.now() - startMs).toBeLessThan(3000);
    await nothingLeftWith(label());
  });

  it('killed -9 is cleaned up by the next build, which loses nothing', async () => {
    const killed = launch(['--progress', 'plain'], env);
    await killed.line(/boot: boot the machine/);
    killed.kill('SIGKILL');
    await killed.exitCode;
    expect((await processesWith(label())).join('\n')).toContain('qemu-system-x86_64');
    const next = launch(['--progress', 'plain'], { ...env, IMAGE_NAME: 'next' });
    await next.line(/an earlier build was cut off/);
    const left = (await processesWith(label())).filter((command) => command.includes('stop.qcow2'));
    expect(left).toEqual([]);
    next.kill('SIGINT');
    await next.exitCode;
    expect(await visible()).toEqual([expect.stringMatching(/^packer-stale-\d{8}-\d{6}$/)]);
  });

  it('without an answer by SSH says so, with the last lines of the console', async () => {
    const { exitCode, tail } = await startSh(['--ssh-timeout', '8s'], env);
    const text = tail.join('\n');
    expect(exitCode).toBe(1);
    expect(text).toContain('the machine started, but SSH never answered');
    expect(text).toMatch(/\| .*(Linux|Booting|systemd|kernel|\[ +\d+\.\d+\]|serial console)/);
    expect(text).toMatch(/log: .*build\.log/);
    await nothingLeftWith(label());
    expect(await visible()).toEqual([]);
  });

  it('begun without room does not start', async () => {
    await run(['mount', '-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', imagePath]);
    try {
      const { exitCode, tail } = await startSh([], env);
      expect(exitCode).toBe(1);
      expect(tail.join('\n')).toMatch(/has 0\.1 GiB of room, and the build needs \d\.\d GiB/);
    } finally {
      await run(['umount', '-l', imagePath]);
    }
  });
});

/** On a base that boots in seconds: what comes behind the boot. */
describe('a build that boots and is', () => {
  let scope: Scope;
  let project: LayeredProject;

  beforeEach(async () => {
    scope = new Scope();
    project = await LayeredProject.make(scope);
  });
  afterEach(async () => {
    await scope[Symbol.asyncDispose]();
  });

  const nothingLeft = (): Promise<void> => nothingLeftWith(`IMAGE_PATH=${project.imagePath}`);

  it('failing in a task names it, with what it said and where the log is', async () => {
    await writeFile(project.path('site.yml'), FAILING_PLAYBOOK);
    const { exitCode, tail } = await startSh([], project.env);
    const text = tail.join('\n');
    expect(exitCode).toBe(1);
    expect(text).toContain('the Ansible task "Break on purpose" failed (play "Site")');
    expect(text).toContain('| no such luck');
    expect(text).toMatch(/log: .*build\.log/);
    expect(await visibleIn(project.imagePath)).toEqual([]);
    await nothingLeft();
  });

  it('without room on its disk says so at once, and loses nothing', async () => {
    const { imagePath } = project;
    await mkdir(imagePath);
    await run(['mount', '-t', 'tmpfs', '-o', 'size=2500m', 'tmpfs', imagePath]);
    try {
      await project.change('last.sh', (text) => `${text}head -c 40000000 /dev/urandom >/srv/big; sync\n`);
      const args = ['--no-layers', '--progress', 'plain'];
      const program = launch(args, { ...project.env, FORMATS: 'qcow2' });
      await program.line(/boot: boot the machine/);
      // Another program takes all the room: nothing is left for the log, either.
      const other = join(imagePath, 'other');
      await run(['sh', '-c', 'exec cat /dev/zero >"$0"', other], { acceptExitCodes: [1] });
      expect(await program.exitCode).toBe(1);
      expect(program.lines.join('\n')).toMatch(/error: the disk of .* is full/);
      await nothingLeft();
      expect(await exists(other)).toBe(true);
      expect((await visibleIn(imagePath)).filter((name) => /^\d{8}-/.test(name))).toEqual([]);
    } finally {
      await run(['umount', '-l', imagePath]);
    }
  });
});

async function visibleIn(imagePath: string): Promise<string[]> {
  return (await readdir(imagePath)).filter((name) => !name.startsWith('.'));
}

const FAILING_PLAYBOOK = `---
- name: Site
  hosts: all
  gather_facts: false
  tasks:
    - name: Break on purpose
      ansible.builtin.raw: echo no such luck >&2; exit 3
      changed_when: false
`;
