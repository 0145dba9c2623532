import { Document, isScalar, Scalar, visit } from 'yaml';

/**
 * YAML that every reader in a guest takes for the same values: PyYAML (cloud-init) and an old Go library
 * (coreos-cloudinit), both of YAML 1.1. So `off` and `0644` are quoted, and everything outside printable ASCII is
 * escaped: YAML 1.1 ends a line at U+0085 and U+2028, and PyYAML refuses control characters.
 */
export function yamlText(value: unknown): string {
  const document = new Document(value, { version: '1.1' });
  visit(document, (_key, node) => {
    if (isScalar(node) && typeof node.value === 'string' && needsQuotes(node.value)) {
      node.type = Scalar.QUOTE_DOUBLE;
    }
  });
  // Such characters stand only inside double quotes now, where an escape means the character.
  return document
    .toString({ lineWidth: 0, directives: false })
    .replaceAll(/[^\n\x20-\x7e]/gu, escapeCharacter);
}

/** Besides odd characters, a block cannot keep spaces on a line of nothing else, nor in front of its first line. */
function needsQuotes(text: string): boolean {
  return /[^\n\x20-\x7e]/u.test(text) || /^ +$/m.test(text) || /^\n* /.test(text);
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
