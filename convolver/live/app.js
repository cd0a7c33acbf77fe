// The page: its lessons, its language, its colours.

const LABS = {
  signal: SignalLab,
  picture: PictureLab,
  algebra: AlgebraPanel,
  frequency: FrequencyPanel,
  patch: PatchPanel,
  sound: SoundPanel,
  heart: HeartPanel,
};

const app = { lab: null, lesson: null, turn: 0 };

function remembered(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(`convolver ${name}`);
    localStorage.setItem(`convolver ${name}`, value);
  } catch {
    // A browser that keeps nothing from a file shows the page all the same.
  }
  return null;
}

function header() {
  const languages = make(
    "div",
    { class: "languages", role: "group", "aria-label": "Language · 语言" },
    [["en", "English"], ["zh", "中文"]].map(([code, name]) =>
      make("button", { type: "button", lang: code, "aria-pressed": String(page.language === code), onclick: () => speak(code) }, name),
    ),
  );
  const dark = document.documentElement.dataset.theme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const theme = button(dark ? "light" : "dark", () => {
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    remembered("theme", document.documentElement.dataset.theme);
    render();
  });
  const { design } = page.data;
  return make(
    "header",
    {},
    make("div", { class: "bar" }, make("a", { class: "skip", href: "#lesson", onclick: skip }, say("skip")), make("h1", {}, design ? design.title : say("title")), languages, theme),
    make("p", { class: "lead" }, design ? design.about : say("lead")),
  );
}

// To the lesson itself, past the list of them; the address keeps saying which it is.
function skip(event) {
  event.preventDefault();
  document.getElementById("lesson").focus();
}

function lessonList() {
  return make(
    "nav",
    { "aria-label": say("lessons") },
    make(
      "ol",
      {},
      page.data.lessons.map((lesson) =>
        make("li", { id: lesson.id }, make("a", { href: `#${lesson.id}`, "aria-current": lesson === app.lesson ? "page" : null }, lesson.title[page.language])),
      ),
    ),
  );
}

async function render() {
  const turn = ++app.turn;
  document.documentElement.lang = page.language === "zh" ? "zh-Hans" : "en";
  if (app.lab) app.lab.close();
  const { design, lessons } = page.data;
  const main = make("main", { id: "lesson", tabindex: -1 });
  let lab;
  if (design) {
    main.append(make("h2", {}, say("its core")));
    lab = new DesignLab(design);
  } else {
    app.lesson = lessons.find((lesson) => `#${lesson.id}` === location.hash) ?? lessons[0];
    const number = lessons.indexOf(app.lesson);
    document.title = `${app.lesson.title[page.language]} · ${say("title")}`;
    main.append(
      make("h2", {}, app.lesson.title[page.language]),
      ...app.lesson.text[page.language].map((text) => make("p", { class: "text" }, text)),
      make("p", { class: "try" }, make("b", {}, say("try")), " ", app.lesson.try[page.language]),
    );
    lab = new LABS[app.lesson.lab](structuredClone(app.lesson.set));
    var around = make(
      "p",
      { class: "around" },
      number ? make("a", { href: `#${lessons[number - 1].id}` }, `← ${lessons[number - 1].title[page.language]}`) : make("span"),
      number + 1 < lessons.length ? make("a", { href: `#${lessons[number + 1].id}` }, `${lessons[number + 1].title[page.language]} →`) : make("span"),
    );
  }
  await lab.open();
  if (turn !== app.turn) return lab.close(); // another lesson was chosen meanwhile
  app.lab = lab;
  main.append(lab.element);
  if (around) main.append(around);
  const told = make("p", { id: "announced", role: "status", class: "unseen" });
  const parts = [header(), ...(design ? [] : [lessonList()]), main, make("footer", {}, say("footer", { version: page.data.version })), told];
  document.getElementById("app").replaceChildren(...parts);
  const current = document.querySelector("nav [aria-current]");
  if (current) document.querySelector("nav").scrollLeft = current.offsetLeft - 20;
  lab.shown();
  document.body.dataset.shown = design ? "design" : app.lesson.id;
  performance.mark("shown");
}

function speak(code) {
  page.language = code;
  remembered("language", code);
  return render().then(() => document.querySelector(`.languages [lang="${code}"]`).focus());
}

addEventListener("hashchange", () => {
  render().then(() => {
    scrollTo(0, 0);
    document.getElementById("lesson").focus({ preventScroll: true });
  });
});

async function begin() {
  const text = (id) => document.getElementById(id).textContent;
  const [data, cores] = await Promise.all([inflated(text("data")), unpacked(text("cores"))]);
  page.data = JSON.parse(new TextDecoder().decode(data));
  page.words = page.data.words;
  page.cores = cores;
  const asked = remembered("language") ?? navigator.language.slice(0, 2);
  page.language = asked in page.words ? asked : "en";
  const theme = remembered("theme");
  if (theme) document.documentElement.dataset.theme = theme;
  await render();
}

begin().catch((error) => {
  document.getElementById("app").textContent = `This browser can't run the page: ${error.message}`;
  throw error;
});
