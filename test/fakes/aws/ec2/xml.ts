/** What an answer is made of: members by name, lists as `<item>`s. What is undefined is left out. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

/** A value as XML, without the element around it. */
export function toXml(value: XmlValue): string {
  if (value === undefined) return '';
  if (isList(value)) return value.map((item) => element('item', item)).join('');
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([name, part]) => (part === undefined ? '' : element(name, part)))
      .join('');
  }
  return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** `<name>value</name>`. */
export function element(name: string, value: XmlValue): string {
  return `<${name}>${toXml(value)}</${name}>`;
}

function isList(value: XmlValue): value is readonly XmlValue[] {
  return Array.isArray(value);
}
