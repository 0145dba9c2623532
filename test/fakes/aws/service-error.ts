/** A refusal of the service. How it looks on the wire, the protocol of each service decides. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  /** `InvalidAMIName.Duplicate`, `ValidationException`. */
  readonly code: string;
  readonly status: number;
  /** Of EBS alone: which of its reasons it was. */
  readonly reason: string | undefined;

  constructor(
    code: string,
    message: string,
    { status = 400, reason }: { status?: number; reason?: string } = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.reason = reason;
  }
}
