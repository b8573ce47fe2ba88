/** The built page, as Brotli or gzip where the browser takes it: `npm run build:page` has written both beside each file. */
import { join } from "node:path";
import { Router } from "express";
import expressStaticGzip from "express-static-gzip";

const IMAGE = /\.(svg|png|ico)(\.br|\.gz)?$/;

export function servePage(pageDir: string): Router {
  // Vite names its assets by their content; the entry must be asked for each time.
  const files = expressStaticGzip(pageDir, {
    enableBrotli: true,
    orderPreference: ["br", "gz"],
    serveStatic: {
      setHeaders: (response, file) => {
        const isAsset = file.startsWith(join(pageDir, "assets"));
        response.setHeader("cache-control", isAsset ? "public, max-age=31536000, immutable" : "no-cache");
        // A wallet's window shows the page's icon, and is of another origin.
        if (IMAGE.test(file)) response.setHeader("cross-origin-resource-policy", "cross-origin");
      },
    },
  });
  const router = Router();
  router.use((request, response, next) =>
    isDecodable(request.path) ? files(request, response, next) : next(),
  );
  // A file that went away since the start was announced as compressed; what answers in its place is not.
  router.use((_request, response, next) => {
    for (const name of ["content-encoding", "content-type"]) response.removeHeader(name);
    next();
  });
  return router;
}

/** The library answers such a path in words of its own; here it is an address where nothing is. */
function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}
