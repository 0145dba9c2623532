# QEMU, Ansible, Packer and netsil-builder in one image:
#   docker build -t netsil-builder .
#   docker run --privileged -ti -v /data/images:/opt/images -v /data/secrets:/opt/secrets netsil-builder
# Debian 12 is the last Debian with Packer (1.6.6: free software, every plugin inside, works offline).
FROM node:20-bookworm-slim

WORKDIR /opt/builder
COPY packages.txt ./
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      $(awk '{ print $2 }' packages.txt | sort -u) \
 && rm -rf /var/lib/apt/lists/*

COPY package.json package-lock.json build.mjs tsconfig.json ./
COPY src ./src
# The bundle holds every library, so that nothing of npm stays in the image.
RUN npm ci --no-audit --no-fund && node build.mjs && rm -rf node_modules /root/.npm

COPY start.sh packer-config.json LICENSE ./
COPY ansible ./ansible

ENV NETSIL_BUILDER_PREPARED=1 IMAGE_PATH=/opt/images
VOLUME ["/opt/images", "/opt/secrets"]
ENTRYPOINT ["/opt/builder/start.sh"]
