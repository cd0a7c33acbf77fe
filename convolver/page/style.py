"""How the page looks, in light and in dark; contrasts are 4.5 to 1 or more."""

__all__ = ["STYLE"]

STYLE = """
:root{color-scheme:light dark}
:root{--page:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--card:#f6f8fa;--box:#e7f0fb;--edge:#0a58a8;
--mark:#0b5cad;--bad:#9a2a00}
@media(prefers-color-scheme:dark){
:root{--page:#0f1419;--ink:#e6edf3;--soft:#a6b0ba;--line:#3a444e;--card:#1a2129;--box:#17304d;
--edge:#7ab8ff;--mark:#7ab8ff;--bad:#ffb08a}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1060px;margin:0 auto;padding:24px}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 4px}
h2{font-size:1.25rem;margin:36px 0 10px;padding-bottom:4px;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:16px 0 6px}
p{margin:8px 0;max-width:75ch}
header p{color:var(--soft)}
.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:18px 0 0}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 14px;min-width:150px}
dt{color:var(--soft);font-size:.85rem}
dd{margin:0}
dd b{font-size:1.3rem}
table{border-collapse:collapse;width:100%;font-size:.93rem}
th,td{text-align:left;vertical-align:top;padding:6px 10px 6px 0;border-bottom:1px solid var(--line)}
thead th{color:var(--soft);font-weight:600;border-bottom:2px solid var(--line)}
.facts th{width:130px;color:var(--soft);font-weight:600}
.boards td,.boards th{white-space:nowrap;padding-right:7px}
.boards thead th{white-space:normal}
.boards td:last-child{white-space:normal;min-width:200px}
.stages td:nth-child(n+3){white-space:nowrap}
.boards .no td:nth-child(3),.missing{color:var(--bad);font-weight:600}
.wide{overflow-x:auto}
.diagram{width:100%;min-width:760px;height:auto;font-family:inherit}
.diagram text,.curve text{fill:var(--ink);font-size:11.5px}
.diagram .name{font-weight:600}
.diagram .cycles,.diagram .cost,.curve .axis{fill:var(--soft);font-size:10.5px}
.diagram .width{fill:var(--mark);font-size:10.5px}
.diagram .group{font-weight:600;font-size:13px}
.diagram .box{fill:var(--box);stroke:var(--edge);stroke-width:1.2}
.diagram .arrow{fill:none;stroke:var(--soft);stroke-width:1.3}
.diagram .tip{fill:var(--soft)}
.curve{width:100%;height:auto}
.curve .zero{stroke:var(--line);fill:none}
.curve .line{fill:none;stroke:var(--mark);stroke-width:1.6}
.plot{width:100%;height:auto;background:#fff;border:1px solid var(--line);border-radius:8px;padding:8px}
.pictures{display:flex;flex-wrap:wrap;gap:16px}
figure{margin:0 0 12px}
figure img{display:block;max-width:100%;height:auto;image-rendering:auto}
figcaption{color:var(--soft);font-size:.9rem;margin-top:4px}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;overflow-x:auto;font-size:.85rem}
summary{cursor:pointer;margin:12px 0}
footer{max-width:1060px;margin:0 auto;padding:8px 24px 32px;color:var(--soft);font-size:.9rem}
@media print{.wide{overflow:visible}section{break-inside:avoid}}
"""
