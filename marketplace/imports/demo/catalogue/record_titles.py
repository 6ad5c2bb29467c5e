"""Invented records: no artist, title or label here exists."""

# genre shelf: lines of artist | title | year | label | genre
SHELVES: dict[str, str] = {
    "jazz-soul": """
Odette Marsh Quartet | Blue Hour on Pier Nine | 1962 | Lantern | Jazz
Leonard Wickes | Long Way to Supper | 1959 | Lantern | Jazz
The Corwin Bell Trio | Slow Elevator | 1964 | Halfmoon | Jazz
Marguerite Ansel | Rooms Without Clocks | 1966 | Halfmoon | Jazz
Tobias Hendry Sextet | Brass for Breakfast | 1961 | Lantern | Jazz
Ivo Kramer Big Band | Tram Number Six | 1968 | Donaukreis | Jazz
Delphine Okoro | Paper Umbrella | 1971 | Sable | Soul
Saint Arthur & the Ushers | Collection Plate | 1972 | Sable | Soul
The Velour Exchange | Second Mortgage on Love | 1974 | Cardinal Street | Soul
Ruby Landis | Keep the Porch Light | 1969 | Cardinal Street | Soul
Clement Avery | Sunday, Probably | 1973 | Sable | Soul
Joanna Pell | Tea for the Rhythm Section | 1967 | Halfmoon | Jazz
Bartosz Lis Kwartet | Nocny Autobus | 1970 | Bursztyn | Jazz
Hanne Rask | Winter Standards | 1978 | Fjordlyd | Jazz
The Ambrose Twins | Cake Walk, Cake Run | 1958 | Lantern | Jazz
Mighty Orla & Co. | Give It a Week | 1975 | Cardinal Street | Soul
Ferro Antico | Vespa Nel Parco | 1965 | Cinque Lune | Jazz
Desmond Quill | Quiet Storms Are Still Storms | 1979 | Sable | Soul
Nadia Vauclair | La Chambre Jaune | 1963 | Disques Perche | Jazz
Otis Farrow Organ Trio | Grease and Grace | 1966 | Halfmoon | Jazz
The Lower Deck | Salt Water Church | 2018 | Rope & Tar | Soul
Imani Stroud | Velvet Arithmetic | 2021 | Rope & Tar | Soul
Kitto Penrose Quintet | The Tide Table | 2016 | Gannet | Jazz
Yusra Haddad | Figs in October | 2019 | Gannet | Jazz
Wendell Crane | After the Matinee | 1960 | Lantern | Jazz
The Honeycomb Four | Bees in the Piano | 1957 | Lantern | Jazz
""",
    "electronic": """
Polder | Reclaimed Land | 1998 | Waterline | Techno
Kassette Nord | Magnetfeld | 1983 | Signal Ost | Synth
Lumen & Hertz | Voltage Gardens | 1981 | Signal Ost | Synth
Aster Relay | Night Bus Frequencies | 2014 | Plateau | House
Mirelle Vance | Chrome Swimming | 2019 | Plateau | House
Schaltkreis | Die Neue Ruhe | 1979 | Signal Ost | Synth
Delta Terrace | Concrete Picnic | 2006 | Waterline | Techno
Oona Pax | Soft Machines Dream Loud | 2022 | Slow Comet | House
Parallel Harbour | Crane Operator | 1996 | Waterline | Techno
Nine Volt Choir | Hymnal for Oscillators | 1984 | Blinken | Synth
Tessellate | Floor Plans | 2011 | Plateau | Techno
Ada Brüning | Wellenbad | 1982 | Blinken | Synth
Hotel Aurora | Room Service at 5 a.m. | 2003 | Slow Comet | House
Signal Fires | Coastal Radio | 2016 | Slow Comet | Techno
Perpetua | Turnstile | 1994 | Loading Bay | House
DJ Marzipan | Sugar in the Crossfader | 1997 | Loading Bay | House
Kilohaus | Third Floor, No Lift | 1993 | Loading Bay | House
Vera Optik | Prisma | 1985 | Blinken | Synth
Understory | Moss Circuits | 2020 | Plateau | Techno
Gezeiten | Ebbe | 2008 | Waterline | Techno
Neon Allotment | Cabbages at Midnight | 2017 | Slow Comet | House
Palais Mécanique | Ballet pour Tourne-disque | 1980 | Disques Perche | Synth
Rotor & Rye | Harvest Loop | 2012 | Plateau | Techno
The Night Baker | Proof | 2021 | Loading Bay | House
Farben Fünf | Grün ist auch ein Ton | 1986 | Signal Ost | Synth
Isolde Kern | Glass Elevator Music | 2015 | Slow Comet | Techno
""",
    "rock-indie": """
The Borrowed Ladders | Somebody's Roof | 1978 | Kestrel | Rock
Paper Admirals | All the Small Navies | 2004 | Tin Whistle | Indie
Grandstand | Extra Time | 1994 | Terrace End | Indie
Motorway Saints | Hard Shoulder | 1975 | Kestrel | Rock
Vinegar Club | Chips on Both Shoulders | 1981 | No Deposit | Post-punk
Cold Parade | Statues, Marching | 1980 | No Deposit | Post-punk
Lilac Brigade | Sensible Explosions | 1997 | Terrace End | Indie
The Wren Report | Minor Birds | 2009 | Tin Whistle | Indie
Sister Anvil | Forge Songs | 1972 | Kestrel | Rock
Slow Tractor | Ditch Water, Starlight | 1993 | Hayloft | Indie
Telephone Exchange | Party Lines | 1982 | No Deposit | Post-punk
Big Weather | The Forecast Was Wrong | 1976 | Kestrel | Rock
Halogen Hearts | Corner Shop Romance | 2002 | Tin Whistle | Indie
The Reluctant Majors | Retreat in Good Order | 1985 | Terrace End | Indie
Ugly Furniture | Sit Anywhere | 1979 | No Deposit | Post-punk
Lemon Harbour | Sleeping in the Van | 2011 | Tin Whistle | Indie
Gravel Choir | Quarry | 1991 | Hayloft | Rock
Ingrid & the Interval | Fifths | 2018 | Rope & Tar | Indie
Copper Kettle Band | Boiling Point | 1971 | Kestrel | Rock
Plain Clothes | Off Duty | 1983 | No Deposit | Post-punk
Late Delivery | While You Were Out | 2015 | Tin Whistle | Indie
The Municipal Pool | Deep End Only | 2020 | Rope & Tar | Indie
Thunder on Account | Paid in Full | 1974 | Kestrel | Rock
Kiosk | Exact Change Please | 1984 | No Deposit | Post-punk
Beautiful Brakes | Downhill Year | 1999 | Terrace End | Indie
""",
    "folk-country": """
Maeve Tolliver | Turf and Telegram | 1970 | Hearthstone | Folk
The Dunmore Sisters | Three to a Bed | 1968 | Hearthstone | Folk
Silas Beaumont Grady | Fence Post Philosophy | 1973 | Dry Creek | Country
Hob & Linnet | The Barley Hours | 1971 | Hearthstone | Folk
Lucinda Rae Pickett | Truck Stop Orchids | 1977 | Dry Creek | Country
Old Compton | Ferry Songs | 1969 | Hearthstone | Folk
Wendeline Aas | Fugler | 1976 | Fjordlyd | Folk
Cal Dusty Moran | Eleven Miles of Nothing | 1966 | Dry Creek | Country
Pilgrim's Bicycle | Over the Tops | 1972 | Hayloft | Folk
Sparrow & Field | Kindling | 2010 | Gannet | Folk
Agnes Merriweather | A Basket of Knives | 1974 | Hearthstone | Folk
The Prairie Accountants | Balance Sheet Blues | 1979 | Dry Creek | Country
Tom Rushlight | Songs from the Lock-keeper's | 1967 | Hearthstone | Folk
Ilse van der Meij | Dijk en Regen | 1975 | Waterline | Folk
June Cordelia Vance | Wedding Shoes, Hardly Worn | 1971 | Dry Creek | Country
The Low Byre | Winter Feed | 2013 | Gannet | Folk
Sean Og Mulryan | The Emigrant's Radio | 1978 | Hearthstone | Folk
Briar Patch Union | Picket Line Waltz | 1965 | Dry Creek | Country
Nell Harker | Unfinished Quilt | 2017 | Gannet | Folk
Fiddler's Mortgage | Reels on the Never-Never | 1980 | Hayloft | Folk
Clover Dees | Letters to the County | 2019 | Gannet | Country
The Hay Scales | Weights and Measures | 2008 | Hayloft | Folk
Anselm Brook | Mayfly | 1973 | Hearthstone | Folk
Tillie Boone & the Spurs | Kitchen Table Rodeo | 1969 | Dry Creek | Country
""",
    "ambient-classical": """
Elias Norling | Music for Empty Trains | 1983 | Stilleben | Ambient
Satoko Minase | Rain on Seven Roofs | 1986 | Stilleben | Ambient
Camille Ostrander | Piano, Window Open | 2014 | Northlight | Modern classical
The Slow Weather Ensemble | Barometer | 2011 | Northlight | Modern classical
Hildur Vik | Ice Ledger | 2018 | Fjordlyd | Ambient
Ostinato House | Twelve Chairs | 1979 | Neue Stille | Modern classical
Brother Cassian | Lauds for Tape | 1981 | Stilleben | Ambient
Theodora Wyss | Sediment | 2020 | Neue Stille | Ambient
Lake Assembly | Still Point, Turning | 1988 | Stilleben | Ambient
Paolo Arcuri | Studi per Luce | 1974 | Cinque Lune | Modern classical
Marit Solheim | Snow Inventory | 2009 | Fjordlyd | Ambient
Quartetto Minore | Quattro Stanze Vuote | 1992 | Cinque Lune | Modern classical
Rowan Ashdown | Field Notes from a Dry Pond | 2016 | Northlight | Ambient
Yuki Arden | Lantern Arithmetic | 1990 | Stilleben | Ambient
Friederike Lohse | Atemwege | 1985 | Neue Stille | Modern classical
Vesper Instrument | Evening, in Sections | 2021 | Northlight | Ambient
Noctilucent | Cloud Survey | 2013 | Slow Comet | Ambient
Emeric Baudoin | Onze Préludes pour Personne | 1977 | Disques Perche | Modern classical
Harmonium Works | Bellows | 2007 | Northlight | Modern classical
Mira Castellan | Slow Harbour | 1995 | Stilleben | Ambient
Coastal Archive | Foghorn Studies | 2019 | Northlight | Ambient
Aurelio Santacroce | Campane, Lontano | 1982 | Cinque Lune | Modern classical
The Paper Observatory | Faint Objects | 2022 | Slow Comet | Ambient
Gudrun Pohl | Orgel bei Nacht | 1989 | Neue Stille | Modern classical
""",
    "soundtracks": """
Renzo Mattioli | La Spiaggia d'Inverno | 1969 | Cinque Lune | Soundtrack
Claude Berthier | L'Homme au Parapluie Vert | 1967 | Disques Perche | Soundtrack
Orchestra Lido | Sette Minuti a Mezzanotte | 1971 | Cinque Lune | Soundtrack
Ulrika Dahl | The Cartographer | 2013 | Northlight | Soundtrack
Viktor Saal | Operation Nachtigall | 1966 | Donaukreis | Soundtrack
Jocelyn Thwaite | Moor | 1973 | Gannet | Soundtrack
Ennio Baldassare | Polvere e Oro | 1968 | Cinque Lune | Soundtrack
The Studio B Players | Chase Music, Volume Two | 1974 | Sable | Soundtrack
Hiro Tanabe | Orbital Gardener | 1982 | Blinken | Soundtrack
Lise Fontenay | Un Été sans Téléphone | 1970 | Disques Perche | Soundtrack
Magnus Ekdahl | Fyrvaktaren | 1978 | Fjordlyd | Soundtrack
Anton Resch | Der Letzte Schlafwagen | 1964 | Donaukreis | Soundtrack
Cordelia Spence | The Glass Orchard | 2017 | Northlight | Soundtrack
Piero Lucarelli | Tre Passi nel Velluto | 1972 | Cinque Lune | Soundtrack
Synthex Orchestra | Colony Nine | 1981 | Signal Ost | Soundtrack
Barnaby Frost | Inspector Hollow Investigates | 1975 | Kestrel | Soundtrack
Solange Maréchal | Le Métro de Minuit | 1983 | Disques Perche | Soundtrack
Witold Zaremba | Most na Rzece | 1965 | Bursztyn | Soundtrack
Dunes Ensemble | Salt Caravan | 1979 | Sable | Soundtrack
Nora Ellingsen | Twelve Below | 2020 | Fjordlyd | Soundtrack
Gil Montero | Carretera Sin Nombre | 1976 | Dry Creek | Soundtrack
The Light Programme | Gardening for Spies | 1968 | Lantern | Soundtrack
Aldo Ferrante | Il Commissario Sorride | 1973 | Cinque Lune | Soundtrack
Paloma Ibarra | Casa con Dos Puertas | 2015 | Gannet | Soundtrack
""",
}

# What a sleeve of that shelf tends to look like, in the order they are dealt.
SLEEVES: dict[str, tuple[str, ...]] = {
    "jazz-soul": ("blocks", "swiss", "type", "halftone", "cutouts", "rings", "seventies", "blocks", "keys", "type"),
    "electronic": ("swiss", "opart", "orbs", "dots", "contours", "rings", "minimal", "opart", "waves", "planet"),
    "rock-indie": ("type", "halftone", "seventies", "window", "ridges", "sunrise", "opart", "cutouts", "planet", "type"),
    "folk-country": ("sunrise", "ridges", "botanical", "window", "seventies", "fog", "botanical", "halftone", "cutouts"),
    "ambient-classical": ("orbs", "fog", "minimal", "contours", "waves", "planet", "ridges", "dots", "botanical", "orbs"),
    "soundtracks": ("planet", "fog", "blocks", "sunrise", "keys", "halftone", "window", "seventies", "waves", "type"),
}  # fmt: skip
