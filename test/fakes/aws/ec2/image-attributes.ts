import { ServiceError } from '../service-error.ts';
import { changeSharing } from './accounts.ts';
import type { Action } from './action.ts';
import { findImage } from './images.ts';
import { findSnapshot, refuseDefaultKey } from './snapshots.ts';

const YEAR_MS = 365.25 * 86_400_000;

export const modifyImageAttribute: Action = ({ params, region }) => {
  const image = findImage(region, params.require('ImageId'));
  const imdsSupport = params.member('ImdsSupport').text('Value');
  if (imdsSupport !== undefined) {
    if (imdsSupport !== 'v2.0') throw new ServiceError('InvalidParameterValue', `${imdsSupport} is not v2.0`);
    image.imdsSupport = imdsSupport;
    return { return: true };
  }
  const attribute = params.text('Attribute');
  if (attribute !== undefined && attribute !== 'launchPermission') {
    throw new ServiceError('InvalidParameterValue', `the attribute ${attribute} cannot be changed`);
  }
  for (const { snapshotId } of image.blockDevices) refuseDefaultKey(region, findSnapshot(region, snapshotId));
  changeSharing(params.member('LaunchPermission'), image.sharedWith, 'InvalidAMIAttributeItemValue');
  return { return: true };
};

export const enableImageDeprecation: Action = ({ params, region, world }) => {
  const image = findImage(region, params.require('ImageId'));
  const text = params.require('DeprecateAt');
  const dateMs = Date.parse(text);
  const nowMs = world.clock.nowMs();
  if (!(dateMs > nowMs && dateMs < nowMs + 10 * YEAR_MS)) {
    throw new ServiceError('InvalidParameterValue', `${text} is not a date within the next ten years`);
  }
  image.deprecationTime = new Date(Math.floor(dateMs / 60_000) * 60_000).toISOString();
  return { return: true };
};
