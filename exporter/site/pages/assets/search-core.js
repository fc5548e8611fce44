// Finds pages by words: nothing in here knows of a browser. `exporter/site/search.py` writes what it reads, and
// `exporter/site/words.py` splits text as `words` does here: change both or none.
"use strict";

const searchCore = (() => {
  const LONGEST = 40; // letters of a word that count
  const PART = 16384; // documents in one part of a list
  const SHOWN = 10;
  const PREFIX_FILES = 4; // a single letter would load half the index
  const ENOUGH = 3; // with fewer hits typos are looked for
  const LIKENESSES = 12; // words tried instead of one
  const SHORTEST_TYPO = 3; // of the words that are looked for in spite of a typo
  const LONGEST_TYPO = 20;
  const SNIPPET = 180;

  // ---- words ----

  // Scripts written without blanks, and Hangul.
  const UNSPACED =
    "[\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3005-\\u3007\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff" +
    "\\uac00-\\ud7a3\\u{20000}-\\u{3ffff}]";
  const LETTER = "[\\p{L}\\p{N}]";
  const BETWEEN = "[^\\p{L}\\p{N}]";
  const WORD = new RegExp(`(?:(?=${LETTER})${UNSPACED})+|(?:(?!${UNSPACED})${LETTER})+`, "gu");
  const IS_UNSPACED = new RegExp("^" + UNSPACED, "u");
  const ASCII = /^[\x00-\x7f]*$/;
  const MARKS = /(?![\u3099\u309a])\p{M}/gu; // these two make another letter of a kana
  const RUN = /[\p{L}\p{N}\p{M}]+/gu; // a word before it is folded
  const ASCII_RUN = /[a-z0-9]+/gi; // the other takes long to compile

  function fold(text) {
    if (ASCII.test(text)) return text.toLowerCase();
    const bare = text.normalize("NFKD").replace(MARKS, "");
    return bare.toLowerCase().toUpperCase().toLowerCase().replace(/ς/g, "σ").normalize("NFC");
  }

  function runs(text) {
    const folded = fold(text);
    return folded.match(ASCII.test(folded) ? ASCII_RUN : WORD) || [];
  }

  // Of a script without blanks all pairs of letters, and the last one.
  function pairs(run) {
    const letters = Array.from(run);
    return letters.map((letter, at) => letter + (letters[at + 1] || ""));
  }

  const shortened = (word) => (word.length > LONGEST ? Array.from(word).slice(0, LONGEST).join("") : word);

  function words(text) {
    return runs(text).flatMap((run) => (IS_UNSPACED.test(run) ? pairs(run) : shortened(run)));
  }

  // What is looked for: each word once, `prefix` where it may go on. The last one may, as it is still being typed.
  function parse(query) {
    const wanted = new Map();
    const all = runs(query);
    const open = all.length && fold(query).endsWith(all[all.length - 1]);
    all.forEach((run, at) => {
      if (IS_UNSPACED.test(run)) {
        const split = pairs(run);
        if (split.length > 1) split.pop();
        for (const pair of split) wanted.set(pair, split.length === 1 && Array.from(pair).length === 1);
      } else {
        wanted.set(shortened(run), open && at === all.length - 1);
      }
    });
    return Array.from(wanted, ([word, prefix]) => ({ word, prefix }));
  }

  // ---- what is loaded ----

  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const VALUES = new Uint8Array(128);
  Array.from(ALPHABET, (letter, value) => (VALUES[letter.charCodeAt(0)] = value));

  function readMeta({ documents, texts, terms, vocabulary }) {
    const lengths = Array.from(ALPHABET, (_, value) => 2 ** (value / 4) - 1);
    const size = documents.length / 2;
    const norm = new Float32Array(size);
    const titleWords = new Uint8Array(size);
    let sum = 0;
    for (let at = 0; at < size; at++) {
      norm[at] = lengths[VALUES[documents.charCodeAt(2 * at)]];
      titleWords[at] = VALUES[documents.charCodeAt(2 * at + 1)];
      sum += norm[at];
    }
    const factor = (0.5 * size) / (sum || 1);
    for (let at = 0; at < size; at++) norm[at] = 0.5 + factor * norm[at];
    const firsts = terms.filter((_, at) => at % 2 === 0);
    const names = terms.filter((_, at) => at % 2 === 1);
    return { size, norm, titleWords, firsts, names, texts, vocabulary };
  }

  // ---- looking words up ----

  // Where `word` stands in `sorted`, or would.
  function lowest(sorted, word) {
    let low = 0;
    for (let high = sorted.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < word) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  async function termsOf({ load, split }, name) {
    const both = await load("terms/" + name);
    if (!split.has(name)) split.set(name, both.map((text) => text.split(" ")));
    return split.get(name);
  }

  // The terms `wanted` stands for, each with its list in parts.
  async function lookUp(index, { word, prefix }) {
    const { firsts, names } = index.meta;
    const most = !prefix ? 1 : word.length > 1 ? PREFIX_FILES : PREFIX_FILES / 2;
    const next = lowest(firsts, word);
    const files = next && firsts[next] !== word ? [names[next - 1]] : [];
    for (let at = next; files.length < most && (firsts[at] || "").startsWith(word || " "); at++) files.push(names[at]);
    const found = [];
    for (const [sorted, codes] of await Promise.all(files.map((name) => termsOf(index, name)))) {
      for (let at = lowest(sorted, word); at < sorted.length && sorted[at].startsWith(word); at++) {
        if (!prefix && sorted[at] !== word) break;
        found.push({ term: sorted[at], codes: codes[at] });
      }
    }
    return found;
  }

  const isFat = (codes) => codes.startsWith("=");

  // What `likely` words add to each document: the best of them counts. `factor` says what each is worth.
  async function weigh(index, likely) {
    const { size, norm } = index.meta;
    const best = { weight: new Float32Array(size), kind: new Uint8Array(size), count: 0 };
    const fat = likely.flatMap(({ codes }) => (isFat(codes) ? codes.slice(1).split(".") : []));
    const loaded = new Map(await Promise.all(fat.map(async (name) => [name, await index.load("lists/" + name)])));
    for (const { codes, factor } of likely) {
      let base = 0;
      for (const part of isFat(codes) ? codes.slice(1).split(".").map((name) => loaded.get(name)) : codes.split(".")) {
        best.count += add(best, part, base, factor, norm);
        base += PART;
      }
    }
    return best;
  }

  // Reads one part of a list into `best`; gives the number of documents that are new there. It runs over half a
  // million letters: hence no function within.
  function add({ weight: weights, kind: kinds }, codes, base, factor, norm) {
    let fresh = 0;
    let document = base;
    for (let at = 0; at < codes.length; ) {
      let letter = VALUES[codes.charCodeAt(at++)];
      let code = letter & 31;
      for (let shift = 5; letter > 31; shift += 5) {
        letter = VALUES[codes.charCodeAt(at++)];
        code |= (letter & 31) << shift;
      }
      document += code >> 2;
      const kind = code & 3;
      let weight = 1;
      if (kind) {
        letter = VALUES[codes.charCodeAt(at++)];
        weight = letter & 31;
        for (let shift = 5; letter > 31; shift += 5) {
          letter = VALUES[codes.charCodeAt(at++)];
          weight |= (letter & 31) << shift;
        }
      }
      const worth = (factor * 2.2 * weight) / (weight + 1.2 * norm[document]);
      if (weights[document] === 0) fresh++;
      if (worth > weights[document]) weights[document] = worth;
      if (kind > kinds[document]) kinds[document] = kind;
    }
    return fresh;
  }

  // ---- typos ----

  // Whether one letter more, less, other or two swapped make `b` of `a`, whose lengths differ by one at most.
  function isNear(a, b) {
    let start = 0;
    while (start < a.length && a[start] === b[start]) start++;
    const restA = a.slice(start);
    const restB = b.slice(start);
    if (restA.slice(1) === restB.slice(1) || restA.slice(1) === restB || restA === restB.slice(1)) return true;
    return restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2);
  }

  async function likenesses(index, { word }) {
    if (word.length < SHORTEST_TYPO || word.length >= LONGEST_TYPO || IS_UNSPACED.test(word)) return [];
    const near = [];
    for (let length = Math.max(word.length - 1, SHORTEST_TYPO); length <= word.length + 1; length++) {
      const text = await index.load("vocabulary/" + index.meta.vocabulary[length - SHORTEST_TYPO]);
      for (const term of text.split(" ")) if (term !== word && isNear(word, term)) near.push(term);
    }
    // Few mistype the first letter.
    near.sort((a, b) => (b[0] === word[0]) - (a[0] === word[0]));
    return near.slice(0, LIKENESSES);
  }

  // ---- ranking ----

  // A letter begins nearly every frequent word, none of which was meant.
  function exactly({ word }, found) {
    const some = word.length > 1 ? found : found.filter(({ term, codes }) => term === word || !isFat(codes));
    return some.map((each) => ({ ...each, factor: each.term === word ? 1 : 0.6 }));
  }

  // `wanted` with the words that may have been meant, and what each document has of them.
  async function understood(index, wanted, { fuzzy }) {
    const likely = exactly(wanted, await lookUp(index, wanted));
    let shown = [wanted];
    if (fuzzy) {
      const near = await likenesses(index, wanted);
      for (const term of near)
        for (const each of await lookUp(index, { word: term, prefix: false })) likely.push({ ...each, factor: 0.5 });
      shown = shown.concat(near.map((word) => ({ word, prefix: false })));
    }
    return { shown, ...(await weigh(index, likely)) };
  }

  // How many documents have all words but `lacking`, and the best of them in order.
  function ranked(meta, all, lacking) {
    const best = [];
    let total = 0;
    if (all.length <= lacking) return { total, best };
    const idf = all.map(({ count }) => Math.log(1 + (meta.size - count + 0.5) / (count + 0.5)));
    for (let document = 0; document < meta.size; document++) {
      let score = 0;
      let inTitle = 0;
      let marked = 0;
      let missed = 0;
      for (let at = 0; at < all.length && missed <= lacking; at++) {
        const weight = all[at].weight[document];
        const kind = all[at].kind[document];
        score += idf[at] * weight;
        if (weight === 0) missed++;
        if (kind >= 2) marked++;
        if (kind === 3) inTitle++;
      }
      if (missed > lacking) continue;
      total++;
      // All words in the title count for more the less else it says.
      if (inTitle + missed === all.length) score *= 2 + (4 * inTitle) / Math.max(meta.titleWords[document], inTitle);
      else if (marked + missed === all.length) score *= 2;
      if (best.length === SHOWN && score <= best[SHOWN - 1].score) continue;
      let place = best.length;
      while (place && best[place - 1].score < score) place--;
      best.splice(place, 0, { document, score });
      if (best.length > SHOWN) best.pop();
    }
    return { total, best };
  }

  // How much more a result is worth whose title is the query, or that has its words side by side.
  function phraseFactor({ asked, phrase }, result) {
    if (words(result.title).join(" ") === asked) return 100;
    if (!phrase) return 1;
    if (phrase.test(fold(result.title))) return 2;
    return phrase.test(fold(result.text)) ? 1.5 : 1;
  }

  // Nothing for a single word: it stands in each result as it is.
  function phraseOf(asked) {
    const unspaced = asked.map((run) => IS_UNSPACED.test(run));
    if (asked.length < 2 && !unspaced[0]) return null;
    const joined = asked.reduce(
      (before, run, at) => before + BETWEEN + (unspaced[at - 1] || unspaced[at] ? "*" : "+") + run,
    );
    return new RegExp((unspaced[0] ? "" : `(?<!${LETTER})`) + joined, "u");
  }

  async function resultAt(index, { document, score }) {
    const rows = await index.load("texts/" + index.meta.texts[document >> 4]);
    const [address, title, breadcrumb, text] = rows[document & 15];
    return { document, score, address, title, breadcrumb, text };
  }

  // `load(name)` promises what the file of that name holds; it should remember it.
  const open = async (load) => ({ load, meta: readMeta(await load("meta")), split: new Map() });

  // Gives `total`, the number of hits; `results`, the best of them; `shown`, the words to mark in them; `lacking`, how
  // many of the words a hit need not have: 0 wherever any page has all, or is likely to be meant by them.
  async function search(index, query) {
    const wanted = parse(query);
    const nearby = (fuzzy) => Promise.all(wanted.map((each, at) => understood(index, each, { fuzzy: fuzzy(at) })));
    let lacking = 0;
    let all = await nearby(() => false);
    let { total, best } = ranked(index.meta, all, lacking);
    if (wanted.length && total < ENOUGH) {
      const known = all.map(({ count }) => count > 0);
      const mayBeTypo = ({ word }) => !known.includes(false) && word.length > SHORTEST_TYPO;
      all = await nearby((at) => !known[at] || mayBeTypo(wanted[at]));
      let wider = ranked(index.meta, all, lacking);
      if (!wider.total && wanted.length > 1) wider = ranked(index.meta, all, (lacking = 1));
      for (const hit of best) hit.score *= 1000; // what has the words as they are comes before all that is like them
      best = best.concat(wider.best.filter((hit) => !best.some(({ document }) => document === hit.document)));
      total = wider.total;
    }
    const results = await Promise.all(best.slice(0, SHOWN).map((hit) => resultAt(index, hit)));
    const whole = { asked: words(query).join(" "), phrase: phraseOf(runs(query)) };
    for (const result of results) result.score *= phraseFactor(whole, result);
    results.sort((a, b) => b.score - a.score);
    return { total, results, shown: all.flatMap(({ shown }) => shown), lacking };
  }

  // ---- marking ----

  // Where the words of `shown` stand in `text`: [start, end, word], in order.
  function marks(text, shown) {
    const found = [];
    const hitOf = (word) => shown.find((each) => (each.prefix ? word.startsWith(each.word) : word === each.word));
    for (const match of text.matchAll(ASCII.test(text) ? ASCII_RUN : RUN)) {
      const run = match[0];
      if (ASCII.test(run)) {
        const hit = hitOf(shortened(run.toLowerCase()));
        if (hit) found.push([match.index, match.index + run.length, hit.word]);
      } else {
        for (const [from, piece] of pieces(run)) found.push(...marksIn(piece, match.index + from, shown, hitOf));
      }
    }
    return found;
  }

  function marksIn(piece, start, shown, hitOf) {
    if (IS_UNSPACED.test(fold(piece))) return marksUnspaced(piece, start, shown);
    const hit = words(piece).map(hitOf).find(Boolean);
    return hit ? [[start, start + piece.length, hit.word]] : [];
  }

  // A run, cut where a script without blanks begins or ends.
  function pieces(run) {
    const cut = [];
    let at = 0;
    let before = null;
    for (const letter of run) {
      const unspaced = /\p{M}/u.test(letter) ? before : IS_UNSPACED.test(fold(letter));
      if (cut.length && unspaced === before) cut[cut.length - 1][1] += letter;
      else cut.push([at, letter]);
      before = unspaced;
      at += letter.length;
    }
    return cut;
  }

  function marksUnspaced(run, start, shown) {
    const letters = [];
    for (const { 0: cluster, index } of run.matchAll(/\P{M}\p{M}*/gu))
      for (const letter of fold(cluster)) letters.push([letter, start + index, start + index + cluster.length]);
    const found = [];
    letters.forEach(([letter, from, to], at) => {
      const next = letters[at + 1];
      const hit = shown.find(({ word }) => word === letter || (next && word === letter + next[0]));
      if (!hit) return;
      const end = hit.word === letter ? to : next[2];
      const last = found[found.length - 1];
      if (last && last[1] >= from) last[1] = end;
      else found.push([from, end, hit.word]);
    });
    return found;
  }

  // The piece of `text` that shows most of the words, as [text, is marked] in a row.
  function snippet(text, shown) {
    const found = marks(text, shown);
    let best = { from: 0, words: 0 };
    found.forEach(([start], at) => {
      const seen = new Set();
      for (let next = at; next < found.length && found[next][1] <= start + SNIPPET - 40; next++) seen.add(found[next][2]);
      if (seen.size > best.words) best = { from: start, words: seen.size };
    });
    let from = Math.max(0, best.from - 40);
    if (from) from = Math.min(best.from, text.indexOf(" ", from) + 1 || best.from);
    let to = Math.min(text.length, from + SNIPPET);
    if (to < text.length && text.lastIndexOf(" ", to) > from + SNIPPET / 2) to = text.lastIndexOf(" ", to);
    const row = from ? [["… ", false]] : [];
    let at = from;
    for (const [start, end] of found) {
      if (start < at || end > to) continue;
      if (start > at) row.push([text.slice(at, start), false]);
      row.push([text.slice(start, end), true]);
      at = end;
    }
    row.push([text.slice(at, to) + (to < text.length ? " …" : ""), false]);
    return row;
  }

  // For the address of a page: its words are marked when it opens.
  const toAddress = (shown) => shown.map(({ word, prefix }) => word + (prefix ? "*" : "")).join(" ");

  const fromAddress = (text) =>
    text.split(" ").filter(Boolean).map((each) => ({ word: each.replace(/\*$/, ""), prefix: each.endsWith("*") }));

  return { fold, words, open, search, marks, snippet, toAddress, fromAddress };
})();

if (typeof module === "object") module.exports = searchCore;
