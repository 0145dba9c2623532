import { describe, expect, it } from 'vitest';
import { UnfinishedImages } from './unfinished-images.ts';

function heard(...lines: readonly string[]): UnfinishedImages {
  const images = new UnfinishedImages();
  for (const line of lines) images.line(line);
  return images;
}

describe('the images that Packer begins', () => {
  it('are known by their ids, and by the name that the finished one gets', () => {
    const { ids, name } = heard(
      'Prevalidating AMI Name: web-1795654186',
      'Creating AMI web-1795654186 from instance i-0a1b',
      'AMI: ami-e7f6c011776e8db7c',
    );
    expect([ids, name]).toEqual([['ami-e7f6c011776e8db7c'], 'web-1795654186']);
  });

  it('have no name before one was begun: an image of that name is another one', () => {
    const { ids, name } = heard('Prevalidating AMI Name: web-1', "Error: AMI Name: 'web-1' is used");
    expect([ids, name]).toEqual([[], undefined]);
  });
});
