import { describe, expect, it } from 'vitest';
import { html, NOTHING } from './html.ts';

describe('the template of HTML', () => {
  it('escapes what is filled in, in text and in attributes', () => {
    const evil = `"><script>alert('&amp;')</script>`;
    expect(html`<p title="${evil}">${evil}</p>`.text).toBe(
      '<p title="&quot;&gt;&lt;script&gt;alert(&#39;&amp;amp;&#39;)&lt;/script&gt;">' +
        '&quot;&gt;&lt;script&gt;alert(&#39;&amp;amp;&#39;)&lt;/script&gt;</p>',
    );
  });

  it('takes HTML that it made itself as it stands, and lists one by one', () => {
    const items = ['a', 'b<c'].map((text) => html`<li>${text}</li>`);
    expect(html`<ul>${items}</ul>${NOTHING}${3}`.text).toBe('<ul><li>a</li><li>b&lt;c</li></ul>3');
  });

  it('lets no control character and no mark of direction through', () => {
    expect(html`<p>${'a\u0000b\u001b[31mc\u202ed\ne'}</p>`.text).toBe('<p>a bcd e</p>');
  });
});
