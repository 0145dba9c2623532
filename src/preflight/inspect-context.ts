/** What an inspection needs from outside. */
export interface InspectContext {
  /** Where packer-config.json and ansible/ are. */
  readonly programFolder: string;
  readonly signal: AbortSignal;
  /** Whether what an earlier run found out of KVM is believed; the doctor looks again. */
  readonly isHasty?: boolean;
}
