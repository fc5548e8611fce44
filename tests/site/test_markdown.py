"""What bodies in storage format become in Markdown, line by line."""

from __future__ import annotations

import pytest

from tests.site.markdown_read import markdown_of_storage, read

AS_WRITTEN: dict[str, tuple[str, str]] = {
    "paragraphs": ("<p>One</p><p>Two<br/>lines</p>", "One\n\nTwo  \nlines"),
    "headings keep their level": ("<h1>A</h1><h4>B #1</h4>", "# A\n\n#### B \\#1"),
    "emphasis": (
        "<p><strong>a</strong> <em>b</em> <del>c</del> <u>d</u> x<sup>2</sup></p>",
        "**a** _b_ ~~c~~ <u>d</u> x<sup>2</sup>",
    ),
    "blanks go out of emphasis": ("<p>a<strong> b </strong>c</p>", "a **b** c"),
    "emphasis in a word": ("<p>un<em>believ</em>able</p>", "un<em>believ</em>able"),
    "code in a line": ("<p><code>a `b`</code> and <code>c</code></p>", "`` a `b` `` and `c`"),
    "escaped": (
        "<p>*a* _b_ snake_case [c] &lt;d&gt; &amp;lt; $5 R&amp;D 1 &lt; 2 ~6 C#</p>",
        "\\*a\\* \\_b\\_ snake_case \\[c\\] &lt;d> &amp;lt; \\$5 R&D 1 < 2 \\~6 C\\#",
    ),
    "line starts": ("<p>1. a<br/>- b<br/># c<br/>&gt; d</p>", "1\\. a  \n\\- b  \n\\# c  \n\\> d"),
    "lists": (
        "<ul><li>a<ol><li>b</li><li>c</li></ol></li><li>d</li></ul>",
        "- a\n    1. b\n    2. c\n- d",
    ),
    "a list that begins elsewhere": ('<ol start="3"><li>a</li></ol>', "3. a"),
    "a list right in a list": ("<ul><li>a</li><ul><li>b</li></ul></ul>", "- a\n    - b"),
    "two lists": ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n<!-- -->\n\n- b"),
    "code in a list": (
        '<ul><li>a<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[x]]></ac:plain-text-body>'
        "</ac:structured-macro></li></ul>",
        "- a\n\n    ```\n    x\n    ```",
    ),
    "tasks": (
        "<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>a</ac:task-body></ac:task>"
        "<ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>b</ac:task-body></ac:task></ac:task-list>",
        "- [x] a\n- [ ] b",
    ),
    "code": (
        '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">Python</ac:parameter>'
        "<ac:plain-text-body><![CDATA[a = '```'\n\n<b>]]></ac:plain-text-body></ac:structured-macro>",
        "````python\na = '```'\n\n<b>\n````",
    ),
    "panels": (
        '<ac:structured-macro ac:name="warning"><ac:parameter ac:name="title">Mind *it*</ac:parameter>'
        "<ac:rich-text-body><p>a</p><p>b</p></ac:rich-text-body></ac:structured-macro>",
        "> [!warning] Mind \\*it\\*\n>\n> a\n>\n> b",
    ),
    "what is folded": (
        '<ac:structured-macro ac:name="expand"><ac:parameter ac:name="title">More</ac:parameter>'
        "<ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro>",
        "> [!abstract]- More\n>\n> a",
    ),
    "quotes": ("<blockquote><p>a</p></blockquote>", "> a"),
    "status": (
        '<p><ac:structured-macro ac:name="status"><ac:parameter ac:name="colour">Green</ac:parameter>'
        '<ac:parameter ac:name="title">DONE</ac:parameter></ac:structured-macro></p>',
        "🟢 `DONE`",
    ),
    "dates and faces": (
        '<p><time datetime="2026-01-05"/> <ac:emoticon ac:name="tick"/> '
        '<ac:emoticon ac:emoji-fallback="🎉" ac:name="blue-star"/></p>',
        "5 January 2026 ✅ 🎉",
    ),
    "a macro that can't be shown": (
        '<ac:structured-macro ac:name="gauge*"><ac:parameter ac:name="max">4 `</ac:parameter>'
        "<ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro>",
        "> [!missing] Macro `gauge*`\n>\n> This macro is shown in Confluence only.\n>\n"
        "> - max: `` 4 ` ``\n>\n> a",
    ),
    "formulas": (
        '<p>So <ac:structured-macro ac:name="mathinline"><ac:parameter ac:name="body">a_1</ac:parameter>'
        "</ac:structured-macro></p>",
        "So $a_1$",
    ),
    "formulas in MathML": (
        "<p><math><semantics><mi>a</mi><annotation>a_1</annotation></semantics></math> &lt;</p>",
        "$a_1$ &lt;",
    ),
    "layouts, one column after the other": (
        '<ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell><p>a</p></ac:layout-cell>'
        "<ac:layout-cell><p>b</p></ac:layout-cell></ac:layout-section></ac:layout>",
        "a\n\nb",
    ),
    "a table": (
        "<table><tbody><tr><th>A</th><th>B</th></tr><tr><td>a|b</td><td><p>c</p><p>d</p></td></tr></tbody></table>",
        "| A | B |\n| --- | --- |\n| a\\|b | c<br>d |",
    ),
    "a table with its head at the side": (
        "<table><tbody><tr><th>A</th><td>a</td></tr></tbody></table>",
        "|  |  |\n| --- | --- |\n| **A** | a |",
    ),
    "a list in a cell": (
        "<table><tbody><tr><td><ul><li>a<ul><li>b</li></ul></li></ul></td></tr></tbody></table>",
        "|  |\n| --- |\n| • a<br>\u2003• b |",
    ),
    "code with pipes in a cell": (
        "<table><tbody><tr><td><code>a|b</code></td></tr></tbody></table>",
        "|  |\n| --- |\n| <code>a&#124;b</code> |",
    ),
    "a table with spans": (
        '<table><tbody><tr><th colspan="2">A</th></tr><tr><td>a</td><td/></tr></tbody></table>',
        '<table markdown="1">\n<thead markdown="1">\n<tr markdown="1">\n'
        '<th colspan="2" markdown="block">\n\nA\n\n</th>\n'
        '</tr>\n</thead>\n<tbody markdown="1">\n<tr markdown="1">\n'
        '<td markdown="block">\n\na\n\n</td>\n<td></td>\n'
        "</tr>\n</tbody>\n</table>",
    ),
    "a link to a page": (
        '<p><ac:link ac:anchor="x"><ri:page ri:content-title="Tide tables"/></ac:link></p>',
        "[Tide tables](1.md)",
    ),
    "a link to elsewhere": (
        '<p><a href="https://example.com/a b?c=(d)&amp;e=*">the <strong>text</strong></a></p>',
        "[the **text**](https://example.com/a%20b?c=%28d%29&e=%2A)",
    ),
    "a link that could do harm": ('<p><a href="javascript:alert(1)">a</a></p>', "a"),
    "a link to a heading below": (
        '<p><ac:link ac:anchor="Über uns!"/></p><h2>Über uns!</h2>',
        "[Über uns!](#über-uns)\n\n## Über uns!",
    ),
    "an anchor": (
        '<p><ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">a"b</ac:parameter>'
        '</ac:structured-macro>here, <ac:link ac:anchor="a&quot;b"><ac:link-body>there</ac:link-body>'
        "</ac:link></p>",
        '<a id="Page-a&quot;b"></a>here, [there](#Page-a%22b)',
    ),
    "the table of contents": (
        '<ac:structured-macro ac:name="toc"/><h2>A</h2><h3>B</h3><h3>B</h3><h2>Page</h2>',
        "- [A](#a)\n    - [B](#b)\n    - [B](#b_1)\n- [Page](#page_1)\n\n## A\n\n### B\n\n### B\n\n## Page",
    ),
    "HTML of a macro": (
        '<ac:structured-macro ac:name="html"><ac:plain-text-body>'
        '<![CDATA[<script>x</script><b onclick="y">a</b>]]></ac:plain-text-body></ac:structured-macro>',
        "**a**",
    ),
    "a picture from elsewhere is a link": (
        '<p><ac:image ac:alt="Map"><ri:url ri:value="https://example.com/a.png"/></ac:image></p>',
        "[Map](https://example.com/a.png)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", AS_WRITTEN)
def test_in_markdown(name: str) -> None:
    storage, markdown = AS_WRITTEN[name]
    assert markdown_of_storage(storage) == markdown


def test_the_cells_of_a_table_with_spans_are_read_as_markdown() -> None:
    found = read(
        markdown_of_storage(
            '<table><tbody><tr><td colspan="2"><ul><li><strong>a</strong></li></ul></td></tr>'
            "<tr><td><table><tbody><tr><td>b</td></tr></tbody></table></td><td>c</td></tr></tbody></table><p>d</p>"
        )
    )
    assert [each.get("colspan") for each in found.iter("td")] == ["2", None, None, None]
    assert [each.text_content() for each in found.xpath("//td//li/strong")] == ["a"]
    assert [each.text_content().strip() for each in found.xpath("//td//table//td")] == ["b"]
    assert [each.text_content() for each in found.xpath("/html/body/p")] == ["d"]
