import type { AwsRegion } from './aws-region.ts';
import { findImages, type OwnImage } from './images.ts';

/**
 * What Packer says of the images that it makes (checked against 1.6.6). One that it waits for when it is stopped, or that
 * takes too long, it leaves behind.
 */
export class UnfinishedImages {
  readonly ids: string[] = [];
  #wantedName = '';

  /** The name of the finished image, once one was begun: until then it may be another's. */
  get name(): string | undefined {
    return this.ids.length === 0 || this.#wantedName === '' ? undefined : this.#wantedName;
  }

  line(text: string): void {
    const id = /^AMI: (ami-[0-9a-f]+)$/.exec(text)?.[1];
    if (id !== undefined) this.ids.push(id);
    this.#wantedName = /^Prevalidating AMI Name: (.+)$/.exec(text)?.[1] ?? this.#wantedName;
  }

  /** Those of the images that are still there: by their ids, and by the name, which an encrypted copy has. */
  async find(region: AwsRegion): Promise<readonly OwnImage[]> {
    const { ids, name } = this;
    if (ids.length === 0) return [];
    const filters = [{ Name: 'image-id', Values: ids }];
    if (name !== undefined) filters.push({ Name: 'name', Values: [name] });
    const found = await Promise.all(filters.map((filter) => findImages(region, [filter])));
    return [...new Map(found.flat().map((image) => [image.id, image])).values()];
  }
}
