import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../system/files.ts';
import { Scope } from '../../system/scope.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-header.ts';
import { findTarMember } from './tar-members.ts';

type Member = readonly [name: string, content: string];

function archive(members: readonly Member[]): Buffer {
  const parts = members.flatMap(([name, text]) => {
    const content = Buffer.from(text);
    const header = tarHeader({ name, sizeBytes: content.length, timeSeconds: 0 });
    return [header, content, tarPadding(content.length)];
  });
  return Buffer.concat([...parts, tarEnd()]);
}

async function find(bytes: Buffer, name: RegExp): Promise<string | undefined> {
  await using scope = new Scope();
  const path = join(await temporaryFolder(scope), 'archive.tar');
  await writeFile(path, bytes);
  const part = await findTarMember(path, name);
  if (part === undefined) return undefined;
  return bytes.toString('utf8', part.offsetBytes, part.offsetBytes + part.lengthBytes).replace(/\0+$/, '');
}

it('finds any member by its name, whatever stands before it', async () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z.]{0,20}$/), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(names, fc.nat(), async (all, choice) => {
      const wanted = all[choice % all.length] ?? '';
      const members = all.map((name, index): Member => [name, `content of ${name} `.repeat(index * 40)]);
      const expected = members.find(([name]) => name === wanted)?.[1] ?? '';
      expect(await find(archive(members), new RegExp(`^${wanted.replaceAll('.', '\\.')}$`))).toBe(expected);
    }),
    { numRuns: 25 },
  );
});

it.each([
  ['an archive without it', archive([['other', 'text']])],
  ['an archive that was cut off', archive([['other', 'text'.repeat(1000)]]).subarray(0, 600)],
  ['something else', Buffer.from('KDMV'.repeat(500))],
  ['an empty file', Buffer.alloc(0)],
])('finds nothing in %s', async (_what, bytes) => {
  expect(await find(bytes, /\.vmdk$/)).toBeUndefined();
});
