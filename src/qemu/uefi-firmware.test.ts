import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import { findUefiFirmware, uefiArgs, withOwnVariables } from './uefi-firmware.ts';

const scope = new Scope();
let folder: string;
const firmwareNamed = (name: string): { code: string; variables: string } => ({
  code: join(folder, `CODE${name}.fd`),
  variables: join(folder, `VARS${name}.fd`),
});

beforeAll(async () => {
  folder = await temporaryFolder(scope);
  for (const name of ['CODE_4M.fd', 'CODE.fd', 'VARS.fd']) await writeFile(join(folder, name), name);
});
afterAll(() => scope[Symbol.asyncDispose]());

it('takes the first of which all is there', async () => {
  const places = [firmwareNamed('_4M'), firmwareNamed('')];
  expect(await findUefiFirmware(places)).toEqual(firmwareNamed(''));
  expect(await findUefiFirmware(places.slice(0, 1))).toBeUndefined();
});

it('gives a machine variables of its own, to write to', async () => {
  const own = await withOwnVariables(firmwareNamed(''), await temporaryFolder(scope));
  expect(own.variables).not.toBe(firmwareNamed('').variables);
  const line = uefiArgs(own).join(' ');
  expect(line).toContain(`if=pflash,unit=0,format=raw,readonly=on,file=${join(folder, 'CODE.fd')}`);
  expect(line).toContain(`if=pflash,unit=1,format=raw,file=${own.variables}`);
});
