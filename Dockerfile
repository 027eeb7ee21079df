# One image for all of Crema. The default command starts the API, `node worker/main.ts` the worker. `node db/migrate.ts`,
# `node db/seed.ts` and `node worker/prepare-namespace.ts` prepare Postgres and Temporal.
# Debian instead of Alpine, because Temporal's native core needs glibc.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional packages contain Node, which the image already has. They are removed by name, because --omit=optional
# would also omit the native parts of argon2 and swc. Temporal's core contains five platforms; the image needs one.
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev \
    && cd node_modules \
    && rm -rf .bin/node $(node -p 'Object.keys(require("../package.json").optionalDependencies).join(" ")') \
    && cd @temporalio/core-bridge \
    && find releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} + \
    && rm -r sdk-core

FROM packages AS bundle
COPY . .
# The bundler of the pages is not needed afterwards.
RUN npm run build \
    && rm -r node_modules/vite node_modules/rolldown node_modules/@rolldown node_modules/lightningcss*

FROM ${NODE_IMAGE}
WORKDIR /app
COPY --from=bundle /app/node_modules node_modules
# Makes the files readable for the user `node`, whatever the umask of the checkout was.
COPY --chmod=755 . .
COPY --from=bundle /app/.build .build
# Production has no default addresses: set those of Postgres, Redis, Temporal and the mail server (.env.example).
ENV NODE_ENV=production \
    WORKFLOW_BUNDLE=/app/.build/workflow-bundle.js
# The version in package.json: tests/container compares them.
LABEL org.opencontainers.image.version=0.1.0
USER node
EXPOSE 5000
CMD ["node", "api/main.ts"]
