import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finishOutput, type FinishInput } from './finish.ts';

const SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
let imagePath: string;
let workFolder: string;

const input = (overrides: Partial<FinishInput> = {}): FinishInput => ({
  imagePath,
  workFolder,
  formats: ['vdi'],
  artifacts: [{ format: 'vdi', file: 'x.vdi', bytes: 4, virtualBytes: 1024, sha256: SHA256 }],
  manifest: {
    schema: 1,
    name: 'x',
    builder: 'netsil-builder',
    builtAt: '2026-11-23T09:05:07.000Z',
    base: { source: 'embedded', family: 'debian', checksum: 'sha256:1', virtualBytes: 1 },
    payload: 'container-host',
    settings: {},
    phases: [],
    tools: {},
  },
  date: new Date(2026, 10, 23, 9, 5, 7),
  renderReport: ({ version }) => `<title>${version}</title>`,
  writeLog: (path) => writeFile(path, 'log\n'),
  warn: () => undefined,
  ...overrides,
});

beforeEach(async () => {
  imagePath = await mkdtemp(join(tmpdir(), 'nb-finish-'));
  workFolder = join(imagePath, 'packer');
  await mkdir(workFolder);
  await writeFile(join(workFolder, 'x.vdi'), 'test');
});
afterEach(async () => {
  await rm(imagePath, { recursive: true });
});

describe('a finished output', () => {
  it('is complete under its stamp, and the work folder is gone', async () => {
    await writeFile(join(workFolder, 'efivars.fd'), 'left over');
    const folder = await finishOutput(input());
    expect(folder).toBe(join(imagePath, '20261123-090507'));
    expect(await readdir(folder)).toEqual([
      ...['SHA256SUMS', 'build.log', 'manifest.json', 'report.html', 'x.vdi'],
    ]);
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toBe('<title>20261123-090507</title>');
    expect(await readdir(imagePath)).toEqual(['20261123-090507', 'latest']);
    expect(await readFile(join(folder, 'SHA256SUMS'), 'utf8')).toBe(`${SHA256}  x.vdi\n`);
    expect(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))).toMatchObject({
      version: '20261123-090507',
      artifacts: [{ file: 'x.vdi', bytes: 4 }],
    });
  });

  it.each([
    ['a file is missing', async () => rm(join(workFolder, 'x.vdi')), /x\.vdi is missing/],
    [
      'a file was cut',
      async () => writeFile(join(workFolder, 'x.vdi'), 'te'),
      /x\.vdi has 2 bytes instead of 4/,
    ],
  ])('never gets its stamp when %s', async (_reason, spoil, message) => {
    await spoil();
    await expect(finishOutput(input())).rejects.toThrow(message);
    expect(await readdir(imagePath)).toEqual(['packer']);
  });

  it('is finished all the same when the link to it cannot be made', async () => {
    await mkdir(join(imagePath, 'latest'));
    const warnings: string[] = [];
    const folder = await finishOutput(input({ warn: (text) => warnings.push(text) }));
    expect(warnings).toEqual([expect.stringMatching(/^cannot make the link .*latest: /)]);
    expect(await readdir(imagePath)).toEqual([basename(folder), 'latest']);
  });

  it('is finished all the same when its report cannot be made', async () => {
    const warnings: string[] = [];
    const renderReport = (): string => {
      throw new Error('no words');
    };
    const folder = await finishOutput(input({ renderReport, warn: (text) => warnings.push(text) }));
    expect(warnings).toEqual(['cannot write report.html: no words']);
    expect(await readdir(folder)).toEqual(['SHA256SUMS', 'build.log', 'manifest.json', 'x.vdi']);
  });

  it('never gets its stamp when a format was not made', async () => {
    await expect(finishOutput(input({ formats: ['qcow2', 'vdi'] }))).rejects.toThrow('made no qcow2');
    expect(await readdir(imagePath)).toEqual(['packer']);
  });

  it('never gets its stamp when the log cannot be written', async () => {
    const writeLog = (): Promise<void> => Promise.reject(new Error('no room'));
    await expect(finishOutput(input({ writeLog }))).rejects.toThrow('no room');
    expect(await readdir(imagePath)).toEqual(['packer']);
  });
});
