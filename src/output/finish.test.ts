import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OutputDocument, textDocument } from './document.ts';
import { finishOutput, type FinishInput } from './finish.ts';
import { checksumLines } from './manifest.ts';

const SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
let imagePath: string;
let workFolder: string;

const NAME = textDocument('name', 'byproduct', ({ stamp }) => `${stamp}\n`);
const SUMS = textDocument('SUMS', 'byproduct', ({ files }) => checksumLines(files));

const input = (overrides: Partial<FinishInput> = {}): FinishInput => ({
  imagePath,
  workFolder,
  formats: ['vdi'],
  artifacts: [{ format: 'vdi', file: 'x.vdi', bytes: 4, virtualBytes: 1024, sha256: SHA256 }],
  documents: [NAME, SUMS],
  date: new Date(2026, 10, 23, 9, 5, 7),
  warn: () => undefined,
  ...overrides,
});

const failing = (file: string): OutputDocument =>
  textDocument(file, 'byproduct', () => Promise.reject(new Error('no words')));

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
    expect(await readdir(folder)).toEqual(['SUMS', 'name', 'x.vdi']);
    expect(await readFile(join(folder, 'name'), 'utf8')).toBe('20261123-090507\n');
    expect(await readdir(imagePath)).toEqual(['20261123-090507', 'latest']);
  });

  it('shows each document the images, and the documents that stand before it', async () => {
    const shot: OutputDocument = {
      file: 'proof/x.vdi.txt',
      kind: 'byproduct',
      write: (path) => writeFile(path, 'test'),
    };
    const description = textDocument('packages', 'description', () => 'test');
    const seen = textDocument('seen', 'byproduct', ({ files }) => JSON.stringify(files));
    const folder = await finishOutput(input({ documents: [shot, description, seen, SUMS] }));
    expect(JSON.parse(await readFile(join(folder, 'seen'), 'utf8'))).toEqual([
      { file: 'x.vdi', kind: 'image', sha256: SHA256 },
      { file: 'proof/x.vdi.txt', kind: 'byproduct', sha256: SHA256 },
      { file: 'packages', kind: 'description', sha256: SHA256 },
    ]);
    expect(await readFile(join(folder, 'SUMS'), 'utf8')).toMatch(
      new RegExp(`^${SHA256}  x.vdi\n${SHA256}  proof/x.vdi.txt\n${SHA256}  packages\n[0-9a-f]{64}  seen\n$`),
    );
  });

  it.each([
    ['a file was emptied', async () => writeFile(join(workFolder, 'x.vdi'), ''), /x\.vdi is empty$/],
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

  it('is finished all the same without a document that is optional', async () => {
    const warnings: string[] = [];
    const documents = [{ ...failing('page'), isOptional: true } as const, SUMS];
    const folder = await finishOutput(input({ documents, warn: (text) => warnings.push(text) }));
    expect(warnings).toEqual(['cannot write page: no words']);
    expect(await readFile(join(folder, 'SUMS'), 'utf8')).toBe(`${SHA256}  x.vdi\n`);
  });

  it('never gets its stamp when a format was not made', async () => {
    await expect(finishOutput(input({ formats: ['qcow2', 'vdi'] }))).rejects.toThrow('made no qcow2');
    expect(await readdir(imagePath)).toEqual(['packer']);
  });

  it('never gets its stamp without any other document', async () => {
    await expect(finishOutput(input({ documents: [failing('log')] }))).rejects.toThrow('no words');
    expect(await readdir(imagePath)).toEqual(['packer']);
  });

  it('never gets its stamp when the writer of a document wrote nothing', async () => {
    const silent: OutputDocument = { file: 'log', kind: 'byproduct', write: () => Promise.resolve() };
    await expect(finishOutput(input({ documents: [silent] }))).rejects.toThrow(/ENOENT.*log/);
    expect(await readdir(imagePath)).toEqual(['packer']);
  });
});
