import type { Action } from './action.ts';
import { copyImage } from './copy-image.ts';
import { describeImages } from './describe-images.ts';
import { enableImageDeprecation, modifyImageAttribute } from './image-attributes.ts';
import { deregisterImage, registerImage } from './register-image.ts';
import { getEbsEncryptionByDefault } from './region-settings.ts';
import { deleteSnapshot, describeSnapshots, modifySnapshotAttribute } from './snapshots.ts';
import { createTags } from './tags.ts';

/** Every action of EC2 that the stand-in knows, by its name. */
export const ACTIONS: Readonly<Record<string, Action>> = {
  CopyImage: copyImage,
  CreateTags: createTags,
  DeleteSnapshot: deleteSnapshot,
  DeregisterImage: deregisterImage,
  DescribeImages: describeImages,
  DescribeSnapshots: describeSnapshots,
  EnableImageDeprecation: enableImageDeprecation,
  GetEbsEncryptionByDefault: getEbsEncryptionByDefault,
  ModifyImageAttribute: modifyImageAttribute,
  ModifySnapshotAttribute: modifySnapshotAttribute,
  RegisterImage: registerImage,
};
