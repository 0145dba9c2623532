import type { Action } from './action.ts';
import { copyImage } from './copy-image.ts';
import { createImage } from './create-image.ts';
import { describeImages } from './describe-images.ts';
import { enableImageDeprecation, modifyImageAttribute } from './image-attributes.ts';
import {
  describeInstances,
  describeInstanceStatus,
  modifyInstanceAttribute,
  stopInstances,
  terminateInstances,
} from './instances.ts';
import { createKeyPair, deleteKeyPair, describeKeyPairs } from './key-pairs.ts';
import {
  describeAccountAttributes,
  describeAvailabilityZones,
  describeRegions,
  describeSubnets,
  describeVpcs,
} from './networks.ts';
import { getEbsEncryptionByDefault } from './region-settings.ts';
import { deregisterImage, registerImage } from './register-image.ts';
import { runInstances } from './run-instances.ts';
import {
  authorizeSecurityGroupIngress,
  createSecurityGroup,
  deleteSecurityGroup,
  describeSecurityGroups,
} from './security-groups.ts';
import { deleteSnapshot, describeSnapshots, modifySnapshotAttribute } from './snapshots.ts';
import { createTags } from './tags.ts';
import { deleteVolume, describeVolumes } from './volumes.ts';

/** Every action of EC2 that the stand-in knows, by its name. */
export const ACTIONS: Readonly<Record<string, Action>> = {
  AuthorizeSecurityGroupIngress: authorizeSecurityGroupIngress,
  CopyImage: copyImage,
  CreateImage: createImage,
  CreateKeyPair: createKeyPair,
  CreateSecurityGroup: createSecurityGroup,
  CreateTags: createTags,
  DeleteKeyPair: deleteKeyPair,
  DeleteSecurityGroup: deleteSecurityGroup,
  DeleteSnapshot: deleteSnapshot,
  DeleteVolume: deleteVolume,
  DeregisterImage: deregisterImage,
  DescribeAccountAttributes: describeAccountAttributes,
  DescribeAvailabilityZones: describeAvailabilityZones,
  DescribeImages: describeImages,
  DescribeInstanceStatus: describeInstanceStatus,
  DescribeInstances: describeInstances,
  DescribeKeyPairs: describeKeyPairs,
  DescribeRegions: describeRegions,
  DescribeSecurityGroups: describeSecurityGroups,
  DescribeSnapshots: describeSnapshots,
  DescribeSubnets: describeSubnets,
  DescribeVolumes: describeVolumes,
  DescribeVpcs: describeVpcs,
  EnableImageDeprecation: enableImageDeprecation,
  GetEbsEncryptionByDefault: getEbsEncryptionByDefault,
  ModifyImageAttribute: modifyImageAttribute,
  ModifyInstanceAttribute: modifyInstanceAttribute,
  ModifySnapshotAttribute: modifySnapshotAttribute,
  RegisterImage: registerImage,
  RunInstances: runInstances,
  StopInstances: stopInstances,
  TerminateInstances: terminateInstances,
};
