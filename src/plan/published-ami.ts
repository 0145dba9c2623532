import { PUBLISHABLE_FORMATS } from '../aws/find-source.ts';
import { isKeyIn, type PublishRequest, readPublishRequest } from '../aws/publish-request.ts';
import { BuilderError } from '../errors.ts';
import type { Settings } from '../settings/settings.ts';

/**
 * What a build with BUILD_TYPE=ami publishes of its disk: region and encryption are those of Packer's AMI. Fails with
 * `settings-invalid` when the key is not named as EBS takes it.
 */
export function publishRequestOf({ aws: { region, encryption } }: Settings, nowMs: number): PublishRequest {
  const { isWanted, kmsKey } = encryption;
  if (kmsKey === undefined) return readPublishRequest({ encrypt: isWanted }, region, nowMs);
  if (isKeyIn(kmsKey, region)) return readPublishRequest({ kmsKey }, region, nowMs);
  const message = `AWS_ENCRYPT is ${JSON.stringify(kmsKey)}, which is not the ARN of a key in ${region}`;
  throw new BuilderError('settings-invalid', message, {
    hint: 'BUILD_TYPE=ami takes arn:aws:kms:REGION:ACCOUNT:key/ID, or true for the default key',
  });
}

/** The format that an AMI is made of. Fails with `settings-invalid` when none of a build's formats will do. */
export function publishedFormat(formats: readonly string[]): string {
  const found = PUBLISHABLE_FORMATS.find((format) => formats.includes(format));
  if (found !== undefined) return found;
  const message = `FORMATS is ${formats.join(',')}, and BUILD_TYPE=ami can publish none of these`;
  throw new BuilderError('settings-invalid', message, {
    hint: `add one of these to FORMATS: ${PUBLISHABLE_FORMATS.join(', ')}`,
  });
}
