import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { nothingLeftWith, processesWith } from '../support/processes.ts';
import { TypescriptProgram } from '../support/typescript-program.ts';

const PROGRAM = `
import { openDisk } from './qemu/nbd-server.ts';
import { Scope } from './system/scope.ts';

await openDisk(new Scope(), { path: process.env.DISK, driver: 'raw' }, new AbortController().signal);
console.log('open');
setInterval(() => undefined, 1000);
`;

it('is not left behind by a program that is killed', async () => {
  await using scope = new Scope();
  const disk = join(await temporaryFolder(scope), 'disk.raw');
  await run(['truncate', '-s', '1M', disk]);
  await using program = await TypescriptProgram.start(PROGRAM, { DISK: disk });
  await program.printed('open');
  expect((await processesWith(`DISK=${disk}`)).join('\n')).toContain('qemu-nbd');
  program.child.kill('SIGKILL');
  await nothingLeftWith(`DISK=${disk}`);
});
