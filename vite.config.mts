import { defineConfig, type Plugin } from "vite";

/** Templates keep their line breaks, which a reader of HTML takes for a space, but not the indentation of the code. */
const withoutIndentation: Plugin = {
  name: "without-indentation",
  enforce: "pre",
  transform: (code, id) =>
    /\/public\/views\/\w+\.ts$/.test(id) ? { code: code.replace(/\n +/g, "\n"), map: null } : null,
};

/** The page: one entry, no external asset, nothing inline, so that `script-src 'self'; style-src 'self'` holds. */
export default defineConfig({
  root: "public",
  base: "./",
  publicDir: false,
  plugins: [withoutIndentation],
  build: {
    outDir: "../build/page",
    emptyOutDir: true,
    target: "es2022",
    // The polyfill is for browsers that the page's own syntax leaves behind anyway.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // No script may import the entry: where the entry was loaded under another name, it would run a second time, as a
    // second page that draws into the same place.
    rolldownOptions: { experimental: { chunkOptimization: false } },
  },
});
