import { expect, it } from 'vitest';
import { parseOsRelease } from './os-release.ts';

it('takes the quotes of a shell away', () => {
  const text = `# comment\nNAME='Some "OS"'\nPRETTY_NAME="A \\"fine\\" \\$OS"\nID=some-os\nVERSION_ID="1.2"\n`;
  expect(parseOsRelease(text)).toEqual({ id: 'some-os', versionId: '1.2', prettyName: 'A "fine" $OS' });
});

it('fills in what os-release(5) says where nothing stands', () => {
  expect(parseOsRelease('NAME=Arch')).toEqual({ id: 'linux', prettyName: 'Arch' });
  expect(parseOsRelease('')).toEqual({ id: 'linux', prettyName: 'Linux' });
});
