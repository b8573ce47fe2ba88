import { defineConfig } from "vite";

/** The page: one entry, no external asset, nothing inline, so that `script-src 'self'; style-src 'self'` holds. */
export default defineConfig({
  root: "public",
  base: "./",
  publicDir: false,
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
