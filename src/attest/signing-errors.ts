import { BuilderError } from '../errors.ts';
import { displayArgv, type ProcessError } from '../system/process.ts';

/** What was given as the key's password is not. `key-passphrase` */
export function wrongPassword(key: string): BuilderError {
  return new BuilderError('key-passphrase', `the password in SIGNING_PASSWORD_FILE is not that of ${key}`, {
    hint: 'correct the file',
  });
}

/** The tool refuses for a reason of its own; `byHand` is the command that shows it to a person. `signing-failed` */
export function cannotSign(refusal: ProcessError, key: string, byHand: readonly string[]): BuilderError {
  const why = refusal.tail.findLast((line) => line.trim() !== '') ?? refusal.message;
  return new BuilderError('signing-failed', `${byHand[0]} cannot sign with ${key}: ${why}`, {
    hint: `try it by hand: ${displayArgv(byHand)}`,
    tail: refusal.tail,
    cause: refusal,
  });
}
