// What scrolls can be reached by the keyboard.
document$.subscribe(() =>
  setTimeout(() => {
    for (const part of document.querySelectorAll("pre > code, .md-typeset__scrollwrap, .md-typeset__table")) part.tabIndex = 0
  }, 100)
)
