import { BuilderError } from '../errors.ts';

/** What lies on a disk is whole, and nothing that this program reads. `guest-unknown` */
export function unknown(name: string, what: string): BuilderError {
  return new BuilderError('guest-unknown', `${name}: ${what}`, {
    hint: 'this program looks into ext2, ext3 and ext4 alone; boot the image to see what is in it',
  });
}

/** What lies on a disk contradicts itself, or leads out of the disk. `guest-damaged` */
export function damaged(name: string, what: string): BuilderError {
  return new BuilderError('guest-damaged', `${name} is damaged: ${what}`, {
    hint: 'the image was cut off or changed; make it again, or let e2fsck tell more of a copy',
  });
}

/** The last changes are in the journal only. `guest-unclean` */
export function unclean(name: string): BuilderError {
  return new BuilderError(
    'guest-unclean',
    `${name} was not shut down cleanly: its journal waits to be replayed`,
    {
      hint: 'boot the image and shut it down, or let e2fsck -p replay the journal of a copy',
    },
  );
}
