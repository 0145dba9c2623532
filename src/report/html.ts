import { cleanText } from '../ui/text-width.ts';

/** A piece of HTML that was made here, and not by whoever named a task or a file. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: text and numbers are escaped, HTML is not, lists stand one after the other. */
export type Content = string | number | Html | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * HTML from a template: html`<p title="${title}">${text}</p>`. Everything that is filled in is escaped, for text and for
 * attributes in quotes. There is no other way from text to HTML.
 */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  const filled = contents.map((content, index) => textOf(content) + (parts[index + 1] ?? ''));
  return new Html((parts[0] ?? '') + filled.join(''));
}

/** Nothing at all, for what is left out. */
export const NOTHING = new Html('');

function textOf(content: Content): string {
  if (content instanceof Html) return content.text;
  if (typeof content === 'number') return String(content);
  if (typeof content === 'string')
    return cleanText(content).replaceAll(/[&<>"']/g, (mark) => ENTITIES[mark] ?? '');
  return content.map(textOf).join('');
}
