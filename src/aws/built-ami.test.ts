import { describe, expect, it } from 'vitest';
import { parseAmiIds } from './built-ami.ts';

describe('the ids in what Packer calls an AMI', () => {
  it.each([
    ['us-west-2:ami-0a1b', [{ region: 'us-west-2', id: 'ami-0a1b' }]],
    [
      'eu-central-1:ami-1,us-west-2:ami-2',
      [
        { region: 'eu-central-1', id: 'ami-1' },
        { region: 'us-west-2', id: 'ami-2' },
      ],
    ],
    ['output-qemu', []],
    ['', []],
  ])('%j', (text, ids) => {
    expect(parseAmiIds(text)).toEqual(ids);
  });
});
