/* A QR code as a picture in the page: SVG, dark on light in each colour scheme, so that every camera
 * reads it.  What is too long for one gives no picture. */
#ifndef PORTAL_QR_H
#define PORTAL_QR_H

#include "portal/html.h"

void qr_svg(struct html *h, struct str text, enum word label, struct arena *a);

#endif
