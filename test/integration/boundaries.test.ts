import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const CHECK = join(import.meta.dirname, '../boundaries.mjs');

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boundaries-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Runs the check on a program of these files, in its own folder. */
async function check(
  files: Readonly<Record<string, string>>,
): Promise<{ exitCode: number | null; output: string }> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const { status, stderr } = spawnSync(process.execPath, [CHECK, folder], { cwd: folder, encoding: 'utf8' });
  return { exitCode: status, output: stderr };
}

const LOWER = { 'system/process.ts': 'export const a = 1;', 'ui/bar.ts': 'export const b = 1;' };

describe('the check of boundaries', () => {
  it('is content when imports go down', async () => {
    const files = {
      ...LOWER,
      'errors.ts': 'export class E {}',
      'events.ts': "import type { E } from './errors.ts';\nexport type { E };",
      'system/spawn.ts': "import { spawn } from 'node:child_process';\nexport { spawn };",
      'images/convert.ts':
        "import { a } from '../system/process.ts';\nimport { z } from 'zod';\nexport { a, z };",
      'commands/build.ts': "export const run = () => import('../images/convert.ts');\nimport '../ui/bar.ts';",
    };
    expect(await check(files)).toEqual({ exitCode: 0, output: '' });
  });

  it.each([
    ['system/x.ts', "import { b } from '../ui/bar.ts';", 'x.ts:1: system must not import ui', 'upwards'],
    [
      'ui/x.ts',
      "\nimport { a } from '../system/process.ts';",
      'x.ts:2: ui must not import system',
      'a fold over events',
    ],
    [
      'system/x.ts',
      "import {\n  type b,\n} from '../ui/bar.ts';",
      'x.ts:3: system must',
      'over several lines',
    ],
    ['system/x.ts', "export * from '../ui/bar.ts';", 'x.ts:1: system must', 'by export'],
    ['system/x.ts', "const b = await import('../ui/bar.ts');", 'x.ts:1: system must', 'lazily'],
    ['system/x.ts', "import '../ui/bar.ts';", 'x.ts:1: system must', 'for its effect'],
    [
      'errors.ts',
      "import { a } from './system/process.ts';",
      'errors.ts:1: errors.ts must',
      'known to all, knows nobody',
    ],
    ['images/x.ts', "import { spawn } from 'node:child_process';", 'x.ts:1: only system/ starts', 'spawning'],
    ['images/x.ts', "import '@aws-sdk/client-ec2';", 'x.ts:1: only aws/ uses the AWS SDK', 'a heavy library'],
    ['ui/x.ts', "import { z } from 'zod';", 'x.ts:1: ui uses Node alone', 'a package in ui'],
    ['attic/x.ts', "import '../ui/bar.ts';", 'x.ts:1: attic is not in the table', 'a room that nobody knows'],
    ['ui/x.ts', "import './gone.ts';", 'x.ts:1: ./gone.ts is not there', 'a file that is gone'],
  ])('finds in %s: %j', async (name, content, violation) => {
    const { exitCode, output } = await check({ ...LOWER, [name]: content });
    expect(exitCode).toBe(1);
    expect(output).toContain(violation);
    expect(output.trim().split('\n')).toHaveLength(1);
  });

  it('finds files that import each other', async () => {
    const { exitCode, output } = await check({
      'system/a.ts': "import './b.ts';",
      'system/b.ts': "\nimport './c.ts';",
      'system/c.ts': "\n\nimport './a.ts';",
    });
    expect(exitCode).toBe(1);
    expect(output).toBe(
      'system/c.ts:3: files import each other: system/a.ts -> system/b.ts -> system/c.ts -> system/a.ts\n',
    );
  });

  it('finds what would load slowly at every start', async () => {
    const files = {
      'cli.ts': "import './commands/build.ts';",
      'commands/build.ts': "import type { c } from '../aws/client.ts';\nimport '../aws/region.ts';",
      'aws/region.ts': "import './client.ts';",
      'aws/client.ts': "import { c } from '@aws-sdk/client-ec2';\nexport { c };",
    };
    const { exitCode, output } = await check(files);
    expect(exitCode).toBe(1);
    expect(output).toContain(
      'aws/client.ts:1: loads @aws-sdk/client-ec2 at every start: cli.ts -> commands/build.ts -> aws/region.ts',
    );
    const late = { 'aws/region.ts': "export const client = () => import('./client.ts');" };
    expect(await check({ ...files, ...late })).toEqual({ exitCode: 0, output: '' });
  });

  it('does not take a folder without files for a good program', async () => {
    expect((await check({ 'readme.md': '' })).exitCode).toBe(1);
  });
});
