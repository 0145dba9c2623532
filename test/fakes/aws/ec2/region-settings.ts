import type { Action } from './action.ts';

export const getEbsEncryptionByDefault: Action = ({ region }) => ({
  ebsEncryptionByDefault: region.encryptionByDefault,
});
