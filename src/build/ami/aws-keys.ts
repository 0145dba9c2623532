import type { GivenKeys } from '../../aws/aws-region.ts';
import type { Settings } from '../../settings/settings.ts';

/** The original's own variables, if they are set; whatever else there is, the SDK finds by itself, as Packer does. */
export function awsKeysOf({ aws: { accessKey, secretKey } }: Settings): GivenKeys | undefined {
  if (accessKey === undefined || secretKey === undefined) return undefined;
  return { accessKeyId: accessKey, secretAccessKey: secretKey };
}
